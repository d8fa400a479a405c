/** Tells which rows of a descent stand still. */
export interface Progress {
  /** Iterations between two looks. */
  readonly interval: number;
  /**
   * @param iteration number of this iteration, from 0
   * @param rows which row of the batch each number belongs to
   * @param series one or two numbers for each row that are to fall: its loss, and the distance of a success, Infinity for none
   * @returns 1 for each row of which at two looks in a row, a tenth of the iterations apart, no number has fallen by 0.01 %; else 0
   */
  stuck(iteration: number, rows: Int32Array, ...series: ArrayLike<number>[]): Uint8Array;
}

/** Looks without progress after which a row stands still. */
const PATIENCE = 2;

/** Iterations between two looks at least: momentum swings over fewer. */
const LEAST_INTERVAL = 20;

/**
 * A look at every tenth of the iterations.
 *
 * Source of the rule: the published code of Carlini & Wagner, "Towards Evaluating the Robustness of Neural Networks", S&P 2017,
 * https://arxiv.org/abs/1608.04644. It compares the sum over the batch with that at the look before, and has no patience. A row by
 * itself goes up before it goes down, so here one look without progress is forgiven.
 * @param batch number of rows
 * @param iterations how many there are at most
 */
export function progress(batch: number, iterations: number): Progress {
  const interval = Math.max(LEAST_INTERVAL, Math.floor(iterations / 10));
  const before = [0, 1].map(() => new Float64Array(batch).fill(Number.POSITIVE_INFINITY));
  const idle = new Int32Array(batch);
  return {
    interval,
    stuck(iteration, rows, ...series) {
      const flags = new Uint8Array(rows.length);
      if (iteration % interval !== 0) return flags;
      for (const [i, row] of rows.entries()) {
        let falls = false;
        for (const [k, numbers] of series.entries()) {
          const last = before[k] as Float64Array;
          falls ||=
            (numbers[i] as number) <= 0.9999 * (last[row] as number) &&
            (numbers[i] as number) < Number.POSITIVE_INFINITY;
          last[row] = numbers[i] as number;
        }
        idle[row] = falls ? 0 : (idle[row] as number) + 1;
        if ((idle[row] as number) >= PATIENCE) flags[i] = 1;
      }
      return flags;
    },
  };
}
