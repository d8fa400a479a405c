import type { AttackContext } from '../attack.ts';

/**
 * Normal values for some rows of a batch, for a direction where there is none to follow.
 * @param rows which rows of the batch they are
 * @param wanted 1 for each of them that gets values; the others stay 0
 * @param draw number of the draw
 * @param size values per row
 * @returns [rows.length × size]
 */
export function randomRows(
  { random, examples }: Pick<AttackContext, 'random' | 'examples'>,
  rows: Int32Array,
  wanted: ArrayLike<number>,
  draw: number,
  size: number,
): Float32Array {
  const values = new Float32Array(rows.length * size);
  for (const [i, row] of rows.entries()) {
    if (wanted[i] === 1) values.set(random.normal([examples[row] as number], draw, size), i * size);
  }
  return values;
}
