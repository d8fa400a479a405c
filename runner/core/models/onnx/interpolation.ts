/**
 * Resizing along one axis as a matrix: each new value is a weighted sum of old ones. So every mode has its gradient, on every backend.
 *
 * Source: https://onnx.ai/onnx/operators/onnx__Resize.html and its reference implementation.
 */

export type Coordinates = 'half_pixel' | 'half_pixel_symmetric' | 'pytorch_half_pixel' | 'align_corners' | 'asymmetric';
export type Mode = 'nearest' | 'linear' | 'cubic';
export type Nearest = 'round_prefer_floor' | 'round_prefer_ceil' | 'floor' | 'ceil';

export interface Interpolation {
  readonly mode: Mode;
  readonly coordinates: Coordinates;
  readonly nearest: Nearest;
  /** Coefficient of the cubic. */
  readonly cubic: number;
  /** Whether what lies outside has no weight. */
  readonly excludeOutside: boolean;
  readonly antialias: boolean;
}

/**
 * @param scale new length over old, as it was given; `length` may be rounded from it
 * @returns [length × from], row by row
 */
export function interpolationMatrix(from: number, length: number, scale: number, how: Interpolation): Float32Array {
  const matrix = new Float32Array(length * from);
  for (let row = 0; row < length; row++) {
    const centre = sourceOf(row, from, length, scale, how.coordinates);
    for (const [place, weight] of weightsAt(centre, from, scale, how)) {
      const inside = Math.min(from - 1, Math.max(0, place));
      const at = row * from + inside;
      matrix[at] = (matrix[at] as number) + weight;
    }
  }
  return matrix;
}

/** Where a new value lies among the old ones. */
function sourceOf(row: number, from: number, length: number, scale: number, coordinates: Coordinates): number {
  switch (coordinates) {
    case 'half_pixel':
      return (row + 0.5) / scale - 0.5;
    case 'half_pixel_symmetric': {
      const adjustment = length / (scale * from);
      const centre = from / 2;
      return centre * (1 - adjustment) + (row + 0.5) / scale - 0.5;
    }
    case 'pytorch_half_pixel':
      return length > 1 ? (row + 0.5) / scale - 0.5 : 0;
    case 'align_corners':
      // By the length before it was rounded, where a scale was given.
      return length === 1 ? 0 : (row * (from - 1)) / (scale * from - 1);
    case 'asymmetric':
      return row / scale;
  }
}

function weightsAt(centre: number, from: number, scale: number, how: Interpolation): [place: number, weight: number][] {
  if (how.mode === 'nearest') return [[nearestTo(centre, how.nearest), 1]];
  const stretch = how.antialias ? Math.min(1, scale) : 1;
  const reach = (how.mode === 'linear' ? 1 : 2) / stretch;
  const kernel = how.mode === 'linear' ? triangle : (distance: number) => cubicAt(distance, how.cubic);
  const found: [number, number][] = [];
  for (let place = Math.floor(centre - reach) + 1; place < centre + reach; place++) {
    const weight = kernel((place - centre) * stretch);
    if (how.excludeOutside && (place < 0 || place >= from)) continue;
    if (weight !== 0) found.push([place, weight]);
  }
  const sum = found.reduce((total, [, weight]) => total + weight, 0);
  return found.map(([place, weight]) => [place, weight / sum]);
}

function nearestTo(centre: number, how: Nearest): number {
  switch (how) {
    case 'floor':
      return Math.floor(centre);
    case 'ceil':
      return Math.ceil(centre);
    case 'round_prefer_floor':
      return Math.ceil(centre - 0.5);
    case 'round_prefer_ceil':
      return Math.floor(centre + 0.5);
  }
}

function triangle(distance: number): number {
  return Math.max(0, 1 - Math.abs(distance));
}

/** Keys's cubic convolution. */
function cubicAt(distance: number, a: number): number {
  const x = Math.abs(distance);
  if (x <= 1) return (a + 2) * x ** 3 - (a + 3) * x ** 2 + 1;
  if (x < 2) return a * x ** 3 - 5 * a * x ** 2 + 8 * a * x - 4 * a;
  return 0;
}
