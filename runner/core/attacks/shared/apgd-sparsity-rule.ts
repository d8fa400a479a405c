/** Step lengths and sparsity of Auto-PGD in L1, row by row: plain numbers, no tensors. */
export interface SparsityRule {
  /** Step length of each row of the batch, as the next step is to use it. */
  readonly lengths: Float64Array;
  /** Share of an image's values that the next step moves, for each row of the batch. */
  readonly shares: Float64Array;
  /**
   * Takes in losses: first those at the start, then those after each step.
   * @param rows which rows of the batch they are
   * @returns `better`: 1 where the loss is the largest of its row so far; `checkpoint`: whether `adapt` is to be called before the next step
   */
  observe(rows: Int32Array, losses: Float64Array): { better: Uint8Array; checkpoint: boolean };
  /** Takes in how many values of each row's starting point are not those of the clean image, where the start is no blind one. */
  begin(rows: Int32Array, changed: Float32Array): void;
  /**
   * @param changed how many values of each row's best point are not those of the clean image, [rows.length]
   * @returns 1 for each row whose next step is to set out from its best point
   */
  adapt(rows: Int32Array, changed: Float32Array): Uint8Array;
}

export interface SparsityRuleOptions {
  readonly steps: number;
  /** Longest step, and the first: the radius of the ball. */
  readonly length: number;
  /** Values of an image. */
  readonly size: number;
}

/** Share of the steps between two checkpoints. */
const GAP = 0.04;
/** Share of the values that the first steps move, where nothing is known yet. */
const FIRST_SHARE = 0.2;
/** By how much fewer values move than the best point has changed; also what a step is divided by. */
const FACTOR = 1.5;
/** A best point has become sparser when it has less than this share of the changes that it had. */
const SPARSER = 0.95;
/** The longest step over the shortest. */
const SHORTEST = 10;

/**
 * The step rule of Auto-PGD in L1. At each checkpoint a row's steps become as sparse as its best point by 1.5 more. If that point has become
 * sparser by 5 % the step is as long as at first and the row goes back to it; else the step is shortened by 1.5, down to a tenth.
 *
 * Source: Croce & Hein, "Mind the Box: l1-APGD for Sparse Adversarial Attacks on Image Classifiers", ICML 2021,
 * https://arxiv.org/abs/2103.01208, §3.2, and the authors' published code for the constants.
 * @param rows rows of the batch
 */
export function sparsityRule(rows: number, { steps, length, size }: SparsityRuleOptions): SparsityRule {
  const lengths = new Float64Array(rows).fill(length);
  const shares = new Float64Array(rows).fill(FIRST_SHARE);
  const best = new Float64Array(rows).fill(Number.NEGATIVE_INFINITY);
  const changedBefore = new Float64Array(rows).fill(size);
  const gap = Math.max(Math.floor(GAP * steps), 1);
  let seen = 0;
  function note(row: number, changed: number) {
    shares[row] = changed / size / FACTOR;
    changedBefore[row] = changed;
  }
  return {
    lengths,
    shares,
    observe(some, losses) {
      const better = Uint8Array.from(some, (row, i) => {
        const loss = losses[i] as number;
        if (!(loss > (best[row] as number))) return 0;
        best[row] = loss;
        return 1;
      });
      const checkpoint = seen > 0 && seen % gap === 0;
      seen++;
      return { better, checkpoint };
    },
    begin(some, changed) {
      for (const [i, row] of some.entries()) note(row, changed[i] as number);
    },
    adapt(some, changed) {
      return Uint8Array.from(some, (row, i) => {
        const now = changed[i] as number;
        const sparser = now < SPARSER * (changedBefore[row] as number);
        lengths[row] = sparser ? length : Math.max((lengths[row] as number) / FACTOR, length / SHORTEST);
        note(row, now);
        return Number(sparser);
      });
    },
  };
}
