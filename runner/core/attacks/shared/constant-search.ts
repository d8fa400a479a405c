/** Above this a constant has no upper bound yet. */
const UNBOUNDED = 1e9;

/** The trade-off constant c of each row, and what is known of the smallest that works. */
export interface ConstantSearch {
  /** c of each row, as the next step is to use it. */
  readonly constants: Float64Array;
  /** Takes in whether each row's c led to a success, and sets the next. */
  update(succeeded: Uint8Array): void;
  /** Sets each c to the smallest that is known to work, 1e10 where none is. */
  takeUpperBounds(): void;
}

/**
 * Search for the smallest constant that works, row by row: tenfold until one does, then halving the interval.
 *
 * Source: Carlini & Wagner, "Towards Evaluating the Robustness of Neural Networks", S&P 2017,
 * https://arxiv.org/abs/1608.04644, §VI-A; the bookkeeping is that of the authors' published code.
 * @param rows number of rows
 * @param initial first constant
 */
export function constantSearch(rows: number, initial: number): ConstantSearch {
  const constants = new Float64Array(rows).fill(initial);
  const lower = new Float64Array(rows);
  const upper = new Float64Array(rows).fill(1e10);
  return {
    constants,
    update(succeeded) {
      for (const [row, success] of succeeded.entries()) {
        const constant = constants[row] as number;
        if (success === 1) upper[row] = Math.min(upper[row] as number, constant);
        else lower[row] = Math.max(lower[row] as number, constant);
        const bounded = (upper[row] as number) < UNBOUNDED;
        constants[row] = bounded ? ((lower[row] as number) + (upper[row] as number)) / 2 : constant * 10;
      }
    },
    takeUpperBounds() {
      constants.set(upper);
    },
  };
}
