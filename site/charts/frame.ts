import { element, text } from './svg.ts';

/** A scale as the frame needs it: what d3's continuous scales are. */
export type AxisScale = (value: number) => number;

export interface Axis {
  readonly scale: AxisScale;
  /** Values with a tick, and what stands beside each. */
  readonly ticks: readonly { readonly value: number; readonly label: string }[];
  readonly title: string;
}

export interface FrameOptions {
  readonly width: number;
  readonly height: number;
  readonly margin: { readonly top: number; readonly right: number; readonly bottom: number; readonly left: number };
  readonly x: Axis;
  readonly y: Axis;
}

/** Axes and grid of a chart: horizontal lines at the y ticks, short marks at the x ticks, a title for each axis. */
export function frame({ width, height, margin, x, y }: FrameOptions): string {
  const right = width - margin.right;
  const bottom = height - margin.bottom;
  const horizontal = y.ticks.flatMap(({ value, label }) => [
    element('line', {
      class: 'grid',
      x1: margin.left,
      x2: right,
      y1: y.scale(value),
      y2: y.scale(value),
      stroke: 'currentColor',
      'stroke-opacity': 0.18,
    }),
    text(label, { x: margin.left - 8, y: y.scale(value) + 4, 'text-anchor': 'end' }),
  ]);
  const vertical = x.ticks.flatMap(({ value, label }) => [
    element('line', {
      class: 'axis',
      x1: x.scale(value),
      x2: x.scale(value),
      y1: bottom,
      y2: bottom + 5,
      stroke: 'currentColor',
    }),
    text(label, { x: x.scale(value), y: bottom + 19, 'text-anchor': 'middle' }),
  ]);
  return element(
    'g',
    { class: 'frame' },
    ...horizontal,
    element('line', { class: 'axis', x1: margin.left, x2: right, y1: bottom, y2: bottom, stroke: 'currentColor' }),
    ...vertical,
    text(y.title, {
      x: margin.left - 8,
      y: margin.top - 14,
      'text-anchor': 'start',
      class: 'axis-title',
      dx: -margin.left + 10,
    }),
    text(x.title, { x: right, y: height - 4, 'text-anchor': 'end', class: 'axis-title' }),
  );
}

/** Ticks of a scale of fractions, in percent. */
export const percentTicks = [0, 0.25, 0.5, 0.75, 1].map((value) => ({ value, label: `${value * 100}` }));
