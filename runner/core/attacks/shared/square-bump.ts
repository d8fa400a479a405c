/** The norms in which the Square attack moves changes from window to window, by their power: Σ |value|^power is what is kept. */
export type Power = 1 | 2;

/**
 * The change that the Square attack adds to a window in L2 and L1: a bump in its upper half and the opposite bump in its lower
 * half, together of length 1. A value of a bump falls with its Chebyshev distance d from the middle of its rectangle, as the sum over
 * k from d + 1 to the distance of the farthest edge of 1/k², in L1 of 1/k⁴.
 *
 * Source: Andriushchenko et al., "Square Attack", ECCV 2020, https://arxiv.org/abs/1912.00049, eq. 2 and §3.3; for L1 the published
 * code of AutoAttack.
 * @param side side of the window
 * @returns values in row order, [side × side]
 */
export function oppositeBumps(side: number, power: Power): Float64Array {
  const values = new Float64Array(side * side);
  const upper = Math.floor(side / 2);
  for (const [from, height, sign] of [
    [0, upper, 1],
    [upper, side - upper, -1],
  ] as const) {
    const bump = bumpOf(height, side, power);
    for (let i = 0; i < bump.length; i++) values[from * side + i] = sign * (bump[i] as number);
  }
  return unit(values, power);
}

function bumpOf(height: number, width: number, power: Power): Float64Array {
  const middle = [Math.floor(height / 2), Math.floor(width / 2)] as const;
  const fall = power === 2 ? 2 : 4;
  const reach = Math.max(...middle) + 1;
  const values = new Float64Array(height * width);
  for (let i = 0; i < values.length; i++) {
    const distance = Math.max(Math.abs(Math.floor(i / width) - middle[0]), Math.abs((i % width) - middle[1]));
    for (let k = distance + 1; k <= reach; k++) values[i] = (values[i] as number) + 1 / k ** fall;
  }
  return unit(values, power);
}

function unit(values: Float64Array, power: Power): Float64Array {
  const length = values.reduce((sum, value) => sum + Math.abs(value) ** power, 0) ** (1 / power);
  return length === 0 ? values : values.map((value) => value / length);
}
