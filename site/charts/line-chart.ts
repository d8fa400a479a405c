import { extent, line, scaleLinear, scaleLog } from 'd3';
import { type AxisScale, frame, percentTicks } from './frame.ts';
import { dash } from './marker.ts';
import { element, picture, text } from './svg.ts';

export interface LineSeries {
  readonly name: string;
  /** In the order in which they are joined. */
  readonly points: readonly { readonly x: number; readonly y: number }[];
}

export interface LineChartOptions {
  readonly id: string;
  readonly title: string;
  readonly x: { readonly title: string; readonly log?: boolean };
  /** Shares run from 0 to 1 and are written in percent. */
  readonly y: { readonly title: string; readonly share?: boolean };
  readonly width?: number;
  readonly height?: number;
}

const margin = { top: 32, bottom: 44, left: 48 };
/** Room for a name at the end of its line: so much for each character. */
const CHARACTER = 6.5;
const NAME_HEIGHT = 13;

/**
 * Lines with their names at their ends, where no legend has to be matched to them.
 *
 * @returns SVG
 */
export function lineChart(series: readonly LineSeries[], options: LineChartOptions): string {
  const { id, title, width = 640, height = 360 } = options;
  const drawn = series.filter(({ points }) => points.length > 0);
  const right = 24 + CHARACTER * Math.max(0, ...drawn.map(({ name }) => name.length));
  const [left, bottom] = [margin.left, height - margin.bottom];
  const points = drawn.flatMap((one) => one.points);
  const [x0 = 0, x1 = 1] = extent(points, (point) => point.x) as [number?, number?];
  const [y0 = 0, y1 = 1] = options.y.share ? [0, 1] : (extent(points, (point) => point.y) as [number?, number?]);
  const range = [left, width - right];
  const across = options.x.log
    ? scaleLog([x0, Math.max(x1, x0 + 1)], range)
    : scaleLinear([x0, x1 > x0 ? x1 : x0 + 1], range);
  const up = scaleLinear([y0, y1 > y0 ? y1 : y0 + 1], [bottom, margin.top]);
  if (!options.y.share) up.nice(6);
  const yTicks = options.y.share
    ? percentTicks
    : up.ticks(6).map((value) => ({ value, label: up.tickFormat(6)(value) }));
  const xTicks = (
    options.x.log ? across.ticks(4).filter((tick) => Number.isInteger(Math.log10(tick))) : across.ticks(7)
  ).map((value) => ({ value, label: String(Number(value.toPrecision(6))) }));
  const path = line<{ x: number; y: number }>(
    (point) => across(point.x),
    (point) => up(point.y),
  ).digits(2);
  const heights = apart(
    drawn.map((one) => up((one.points.at(-1) as { y: number }).y)),
    margin.top,
    bottom,
  );
  return picture(
    { width, height, id, title, description: describe(drawn, options), class: 'chart line-chart' },
    frame({
      width,
      height,
      margin: { ...margin, right },
      x: { scale: across as AxisScale, ticks: xTicks, title: options.x.title },
      y: { scale: up, ticks: yTicks, title: options.y.title },
    }),
    ...drawn.map(({ name, points: own }, index) =>
      element(
        'g',
        { class: `series series-${index}` },
        element('path', {
          d: path([...own]) ?? '',
          fill: 'none',
          stroke: 'currentColor',
          'stroke-width': 2,
          'stroke-dasharray': dash(index),
        }),
        element('path', {
          d: `M${width - right + 3},${up((own.at(-1) as { y: number }).y).toFixed(2)}L${width - right + 12},${(heights[index] as number).toFixed(2)}`,
          fill: 'none',
          stroke: 'currentColor',
          'stroke-opacity': 0.6,
        }),
        text(name, { x: width - right + 16, y: (heights[index] as number) + 4 }),
      ),
    ),
  );
}

/** Heights moved as little as it takes for names not to cover one another; in the order given. */
function apart(heights: readonly number[], top: number, bottom: number): number[] {
  const order = Array.from(heights.keys()).sort((a, b) => (heights[a] as number) - (heights[b] as number));
  const moved = [...heights];
  let free = top - NAME_HEIGHT;
  for (const i of order) {
    moved[i] = Math.max(moved[i] as number, free + NAME_HEIGHT);
    free = moved[i] as number;
  }
  let ceiling = bottom + NAME_HEIGHT;
  for (const i of order.toReversed()) {
    moved[i] = Math.min(moved[i] as number, ceiling - NAME_HEIGHT);
    ceiling = moved[i] as number;
  }
  return moved;
}

function describe(series: readonly LineSeries[], { x, y }: LineChartOptions): string {
  const number = (value: number) => (y.share ? `${(100 * value).toFixed(1)} %` : String(Number(value.toPrecision(3))));
  const sentences = series.map(({ name, points }) => {
    const [first, last] = [points[0], points.at(-1)] as [{ x: number; y: number }, { x: number; y: number }];
    return `${name}: from ${number(first.y)} at ${x.title} ${Number(first.x.toPrecision(3))} to ${number(last.y)} at ${Number(last.x.toPrecision(3))}.`;
  });
  return sentences.length === 0 ? 'There are no points.' : sentences.join(' ');
}
