import { line, scaleLinear, scaleLog } from 'd3';
import { frame, percentTicks } from './frame.ts';
import type { Interval } from './interval-mark.ts';
import { dash, marker } from './marker.ts';
import { percent } from './percent.ts';
import { element, picture, text } from './svg.ts';

export interface TemperatureSeries {
  readonly name: string;
  /** Success rates by distillation temperature, in any order. */
  readonly points: readonly (Interval & { readonly temperature: number })[];
  /** Success rate on the net that was not distilled, drawn as a level. */
  readonly undistilled?: number;
}

export interface TemperatureCurveOptions {
  readonly id: string;
  readonly title: string;
  readonly width?: number;
  readonly height?: number;
}

const margin = { top: 32, right: 20, bottom: 44, left: 48 };

/**
 * Success rate of an attack over the temperature of distillation, on a logarithmic scale, with intervals.
 *
 * @returns SVG
 */
export function temperatureCurve(series: readonly TemperatureSeries[], options: TemperatureCurveOptions): string {
  const { id, title, width = 640, height = 360 } = options;
  const temperatures = series.flatMap(({ points }) => points.map((point) => point.temperature)).filter((t) => t > 0);
  const [low, high] = [Math.min(1, ...temperatures), Math.max(100, ...temperatures)];
  const x = scaleLog([low, high], [margin.left + 16, width - margin.right - 16]);
  const y = scaleLinear([0, 1], [height - margin.bottom, margin.top]);
  const ticks = [1, 2, 5, 10, 20, 50, 100].filter((t) => t >= low && t <= high);

  const groups = series.map(({ points, undistilled }, index) => {
    const sorted = points
      .filter(({ temperature }) => temperature > 0)
      .toSorted((a, b) => a.temperature - b.temperature);
    const path = line<Interval & { temperature: number }>(
      (point) => x(point.temperature),
      (point) => y(point.value),
    ).digits(2);
    return element(
      'g',
      { class: `series series-${index}` },
      ...(undistilled === undefined ? [] : [level(undistilled, y, width, index)]),
      element('path', {
        d: path(sorted) ?? '',
        fill: 'none',
        stroke: 'currentColor',
        'stroke-width': 2,
        'stroke-dasharray': dash(index),
      }),
      ...sorted.map((point) => whisker(x(point.temperature), y(point.low), y(point.high))),
      ...sorted.map((point) => marker(index, x(point.temperature), y(point.value))),
    );
  });
  const legend = series.map(({ name }, index) => {
    const [left, top] = [width - margin.right - 6, y(0.7) + 18 * index];
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
      text(name, { x: left - 42, y: top + 4, 'text-anchor': 'end' }),
    );
  });
  return picture(
    { width, height, id, title, description: describe(series), class: 'chart temperature-curve' },
    frame({
      width,
      height,
      margin,
      x: {
        scale: x,
        ticks: ticks.map((value) => ({ value, label: String(value) })),
        title: 'Temperature of distillation',
      },
      y: { scale: y, ticks: percentTicks, title: 'Success rate of the attack, %' },
    }),
    ...groups,
    ...legend,
  );
}

function level(value: number, y: (value: number) => number, width: number, series: number): string {
  const across = { x1: margin.left, x2: width - margin.right, y1: y(value), y2: y(value) };
  return element(
    'g',
    { class: 'level' },
    element('line', { ...across, stroke: 'currentColor', 'stroke-dasharray': '1 3', 'stroke-width': 1.5 }),
    ...(series === 0
      ? [
          text('without distillation', {
            x: width - margin.right,
            y: y(value) + 15,
            'text-anchor': 'end',
            'font-size': 11,
          }),
        ]
      : []),
  );
}

function whisker(x: number, low: number, high: number): string {
  return element('line', {
    class: 'whisker',
    x1: x,
    x2: x,
    y1: low,
    y2: high,
    stroke: 'currentColor',
    'stroke-width': 1.5,
  });
}

function describe(series: readonly TemperatureSeries[]): string {
  const sentences = series.map(({ name, points, undistilled }) => {
    const values = points.map(({ temperature, value }) => `${percent(value, 1000)} at ${temperature}`).join(', ');
    const before = undistilled === undefined ? '' : `${percent(undistilled, 1000)} without distillation; `;
    return `${name}: ${before}${values || 'no points yet'}.`;
  });
  return sentences.join(' ');
}
