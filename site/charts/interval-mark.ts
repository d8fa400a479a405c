import { scaleLinear } from 'd3';
import { coordinate, element, text } from './svg.ts';

/** A proportion with its interval, all fractions in [0, 1]. */
export interface Interval {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

export interface IntervalMarkOptions {
  readonly width?: number;
  readonly height?: number;
  /** Numbers claimed elsewhere, drawn as hollow diamonds. */
  readonly claims?: readonly number[];
}

const MARGIN = 6;

/**
 * A proportion on a scale from 0 to 1: a line from the low to the high end of its interval with caps, and a tick where
 * the value is. The numbers stand beside it in the table, so the mark itself is decoration to a screen reader.
 *
 * @returns SVG
 */
export function intervalMark({ value, low, high }: Interval, options: IntervalMarkOptions = {}): string {
  const { width = 140, height = 18, claims = [] } = options;
  const x = markScale(width);
  const middle = height / 2;
  const bar = { class: 'mark-bar', x: x(low), y: middle - 2.5, width: Math.max(x(high) - x(low), 0.5), height: 5 };
  const quarters = [0, 0.25, 0.5, 0.75, 1].map((at) =>
    element('line', {
      class: 'mark-grid',
      x1: x(at),
      x2: x(at),
      y1: 0,
      y2: height,
      stroke: 'currentColor',
      'stroke-opacity': 0.18,
    }),
  );
  const caps = [low, high].map((at) =>
    element('line', {
      class: 'mark-cap',
      x1: x(at),
      x2: x(at),
      y1: middle - 4.5,
      y2: middle + 4.5,
      stroke: 'currentColor',
    }),
  );
  const tick = element('rect', { class: 'mark-value', x: x(value) - 1.5, y: 2, width: 3, height: height - 4 });
  const diamonds = claims.map((claim) =>
    element('path', { class: 'mark-claim', d: diamond(x(claim), middle, 4.5), fill: 'none', stroke: 'currentColor' }),
  );
  return element(
    'svg',
    {
      xmlns: 'http://www.w3.org/2000/svg',
      viewBox: `0 0 ${width} ${height}`,
      width,
      height,
      class: 'mark',
      fill: 'currentColor',
      'aria-hidden': 'true',
    },
    ...quarters,
    element('rect', { ...bar, 'fill-opacity': 0.45 }),
    ...caps,
    ...diamonds,
    tick,
  );
}

/** The scale over a column of interval marks: 0, 50 and 100 %. */
export function intervalAxis({ width = 140, height = 14 }: IntervalMarkOptions = {}): string {
  const x = markScale(width);
  const anchors = { 0: 'start', 0.5: 'middle', 1: 'end' };
  const labels = ([0, 0.5, 1] as const).map((at) => {
    const edge = at === 0 ? -MARGIN : at === 1 ? MARGIN : 0;
    return text(String(at * 100), { x: x(at) + edge, y: height - 4, 'text-anchor': anchors[at], 'font-size': 10 });
  });
  return element(
    'svg',
    {
      xmlns: 'http://www.w3.org/2000/svg',
      viewBox: `0 0 ${width} ${height}`,
      width,
      height,
      class: 'mark mark-axis',
      fill: 'currentColor',
      'aria-hidden': 'true',
    },
    ...labels,
  );
}

function markScale(width: number): (value: number) => number {
  return scaleLinear([0, 1], [MARGIN, width - MARGIN]).clamp(true);
}

/** Path of a diamond around a point. */
export function diamond(x: number, y: number, radius: number): string {
  const [left, right, top, bottom] = [x - radius, x + radius, y - radius, y + radius].map(coordinate);
  return `M${left},${coordinate(y)}L${coordinate(x)},${top}L${right},${coordinate(y)}L${coordinate(x)},${bottom}Z`;
}
