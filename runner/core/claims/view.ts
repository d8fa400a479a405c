import type { Examples } from '../datasets/dataset.ts';

/** What a net sees of a data set of square, grey images. */
export interface View {
  /** Only the images from one place in the file to before another. */
  readonly range?: readonly [from: number, to: number];
  /** Only images of these classes, which become 0, 1, … in this order. */
  readonly classes?: readonly number[];
  /** Images shrunk to this height and width, each pixel the mean of the square that it stands for; must divide the side. */
  readonly side?: number;
}

/**
 * @param examples [count, side, side, 1]
 * @param side height and width of the images
 */
export function seen({ x, y, count }: Examples, side: number, view: View = {}): Examples {
  const { range: [from, to] = [0, count], classes, side: small = side } = view;
  const rows = Array.from({ length: count }, (_, row) => row).filter(
    (row) => from <= row && row < to && (classes === undefined || classes.includes(y[row] as number)),
  );
  if (rows.length === count && small === side) return { x, y, count };
  const step = side / small;
  if (!Number.isInteger(step)) throw new RangeError(`view: ${small} does not divide ${side}`);
  const pixels = new Float32Array(rows.length * small * small);
  for (const [at, row] of rows.entries()) {
    for (let i = 0; i < small * small; i++) {
      const [down, right] = [Math.floor(i / small) * step, (i % small) * step];
      let sum = 0;
      for (let k = 0; k < step * step; k++) {
        sum += x[row * side * side + (down + Math.floor(k / step)) * side + right + (k % step)] as number;
      }
      pixels[at * small * small + i] = sum / (step * step);
    }
  }
  const labels = Int32Array.from(rows, (row) => {
    const label = y[row] as number;
    return classes === undefined ? label : classes.indexOf(label);
  });
  return { x: pixels, y: labels, count: rows.length };
}
