import { curveStepAfter, line, scaleLinear } from 'd3';
import { frame, percentTicks } from './frame.ts';
import type { Interval } from './interval-mark.ts';
import { dash, marker } from './marker.ts';
import { percent } from './percent.ts';
import { element, picture, text } from './svg.ts';

export interface EpsilonSeries {
  readonly name: string;
  /** In any order; robust accuracies are fractions. */
  readonly points: readonly { readonly epsilon: number; readonly robustAccuracy: number }[];
}

export interface EpsilonCurveOptions {
  readonly id: string;
  readonly title: string;
  /** What the horizontal axis measures, such as `ε (L∞)`. */
  readonly unit: string;
  /** The radius that the row is ranked at, marked by a vertical line. */
  readonly epsilon: number;
  /** Robust accuracy at that radius with its interval, for the first series. */
  readonly interval?: Interval;
  readonly width?: number;
  readonly height?: number;
}

const sides = { right: 20, bottom: 44, left: 48 };

/**
 * Robust accuracy over the radius of the ball. It falls in steps, each where an attack found an example's nearest
 * adversarial image, and is drawn so; shapes are put on the points only where they are few.
 *
 * @param series the row first, then what it is compared with; one without points is left out
 * @returns SVG
 */
export function epsilonCurve(series: readonly EpsilonSeries[], options: EpsilonCurveOptions): string {
  const { id, title, unit, epsilon, interval, width = 640, height = 360 } = options;
  const drawn = series
    .filter(({ points }) => points.length > 0)
    .map(({ name, points }) => ({ name, points: points.toSorted((a, b) => a.epsilon - b.epsilon) }));
  // The legend stands above the plot, because a curve may lie anywhere in it.
  const margin = { ...sides, top: 34 + 18 * drawn.length };
  const largest = Math.max(epsilon, ...drawn.flatMap(({ points }) => points.map((point) => point.epsilon)));
  const x = scaleLinear([0, largest > 0 ? largest : 1], [margin.left, width - margin.right]);
  const y = scaleLinear([0, 1], [height - margin.bottom, margin.top]);
  const xTicks = x.ticks(width < 480 ? 4 : 7).map((value) => ({ value, label: x.tickFormat(7)(value) }));

  const path = line<{ epsilon: number; robustAccuracy: number }>(
    (point) => x(point.epsilon),
    (point) => y(point.robustAccuracy),
  )
    .curve(curveStepAfter)
    .digits(2);
  const lines = drawn.map(({ points }, index) =>
    element(
      'g',
      { class: `series series-${index}` },
      element('path', {
        d: path(points) ?? '',
        fill: 'none',
        stroke: 'currentColor',
        'stroke-width': 2,
        'stroke-dasharray': dash(index),
      }),
      ...(points.length <= 12 ? points.map((point) => marker(index, x(point.epsilon), y(point.robustAccuracy))) : []),
    ),
  );
  const legend = drawn.map(({ name }, index) => {
    const top = 10 + 18 * index;
    const left = width - margin.right;
    return element(
      'g',
      { class: `legend series-${index}` },
      element('line', {
        x1: left - 34,
        x2: left,
        y1: top,
        y2: top,
        stroke: 'currentColor',
        'stroke-width': 2,
        'stroke-dasharray': dash(index),
      }),
      marker(index, left - 17, top),
      text(shorten(name), { x: left - 42, y: top + 4, 'text-anchor': 'end' }),
    );
  });
  const whisker =
    interval === undefined
      ? []
      : [
          element('path', {
            class: 'whisker',
            d: `M${x(epsilon) - 5},${y(interval.low)}h10m-5,0V${y(interval.high)}m-5,0h10`,
            fill: 'none',
            stroke: 'currentColor',
            'stroke-width': 1.5,
          }),
        ];
  return picture(
    { width, height, id, title, description: describe(drawn, unit), class: 'chart epsilon-curve' },
    frame({
      width,
      height,
      margin,
      x: { scale: x, ticks: xTicks, title: unit },
      y: { scale: y, ticks: percentTicks, title: 'Robust accuracy, %' },
    }),
    element(
      'g',
      { class: 'threshold' },
      element('line', {
        x1: x(epsilon),
        x2: x(epsilon),
        y1: margin.top,
        y2: height - margin.bottom,
        stroke: 'currentColor',
        'stroke-dasharray': '3 3',
      }),
      text('ranked here', {
        x: x(epsilon),
        y: margin.top - 6,
        'text-anchor': x(epsilon) > width / 2 ? 'end' : 'start',
        'font-size': 11,
      }),
    ),
    ...lines,
    ...whisker,
    ...legend,
  );
}

/** A legend has room for so much. */
function shorten(name: string): string {
  return name.length <= 40 ? name : `${name.slice(0, 39)}…`;
}

function describe(series: readonly EpsilonSeries[], unit: string): string {
  if (series.length === 0) return 'There are no points.';
  return series
    .map(({ name, points }) => {
      const [first, last] = [points[0], points.at(-1)];
      if (first === undefined || last === undefined) return '';
      const from = `${percent(first.robustAccuracy, 100)} at ${unit} = ${round(first.epsilon)}`;
      return `${shorten(name)}: from ${from} to ${percent(last.robustAccuracy, 100)} at ${round(last.epsilon)}.`;
    })
    .join(' ');
}

function round(value: number): string {
  return String(Number(value.toPrecision(3)));
}
