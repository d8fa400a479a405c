import { symbol, symbolCircle, symbolDiamond, symbolSquare, symbolTriangle } from 'd3';
import { coordinate, element } from './svg.ts';

const shapes = [symbolCircle, symbolSquare, symbolTriangle, symbolDiamond];
const dashes = ['', '6 4', '2 3', '8 3 2 3'];

/** Series differ by shape and dash before they differ by colour. */
export function marker(series: number, x: number, y: number): string {
  const shape = shapes[series % shapes.length] ?? symbolCircle;
  // Even series are filled, odd ones hollow.
  const path = symbol(shape, 40).digits(2)() ?? '';
  return element('path', {
    class: `marker series-${series}`,
    transform: `translate(${coordinate(x)},${coordinate(y)})`,
    d: path,
    fill: series % 2 === 0 ? 'currentColor' : 'var(--paper, white)',
    stroke: 'currentColor',
    'stroke-width': 1.5,
  });
}

/** The dash of a series' line; undefined for a solid one. */
export function dash(series: number): string | undefined {
  return dashes[series % dashes.length] || undefined;
}
