/** Tells which rows of a descent stand still. */
export interface Progress {
  /**
   * @param iteration number of this iteration, from 0
   * @param rows which row of the batch each loss belongs to
   * @returns 1 for each row whose loss has not fallen by 0.01 % since the last look, at every tenth of the iterations; else 0
   */
  stuck(iteration: number, rows: Int32Array, losses: ArrayLike<number>): Uint8Array;
}

/**
 * Source of the rule: the published code of Carlini & Wagner, "Towards Evaluating the Robustness of Neural Networks", S&P 2017,
 * https://arxiv.org/abs/1608.04644, which applies it to the sum over the batch.
 * @param batch number of rows
 * @param iterations how many there are at most
 */
export function progress(batch: number, iterations: number): Progress {
  const interval = Math.max(1, Math.floor(iterations / 10));
  const previous = new Float64Array(batch).fill(Number.POSITIVE_INFINITY);
  return {
    stuck(iteration, rows, losses) {
      const flags = new Uint8Array(rows.length);
      if (iteration % interval !== 0) return flags;
      for (const [i, row] of rows.entries()) {
        if (!((losses[i] as number) <= 0.9999 * (previous[row] as number))) flags[i] = 1;
        previous[row] = losses[i] as number;
      }
      return flags;
    },
  };
}
