/** Step lengths of Auto-PGD, row by row: plain numbers, no tensors. */
export interface StepRule {
  /** Step length of each row of the batch, as the next step is to use it. */
  readonly lengths: Float64Array;
  /**
   * Takes in losses: first those at the start, then those after each step.
   * @param rows which rows of the batch they are
   * @param losses what the attack increases, [rows.length]
   * @returns `better`: 1 where the loss is the largest of its row so far; `back`: 1 where the next step is to set out from the point
   * with the largest loss, the step length having been halved
   */
  observe(rows: Int32Array, losses: Float64Array): { better: Uint8Array; back: Uint8Array };
}

export interface StepRuleOptions {
  /** Steps of the whole run, which the checkpoints are shares of. */
  readonly steps: number;
  /** Length of the first step. */
  readonly length: number;
  /** Share of the steps between two checkpoints that must raise the loss. */
  readonly rho: number;
}

/** Share of the steps before the first checkpoint, by how much the next gap is shorter, and the shortest gap. */
const FIRST_GAP = 0.22;
const SHRINK = 0.03;
const SHORTEST_GAP = 0.06;

/**
 * The step rule of Auto-PGD. At each checkpoint a row's step is halved, and the row sent back to its best point, if
 * 1. at most the share ρ of the steps since the last checkpoint raised the loss, or
 * 2. the step was not halved at the last checkpoint, and the largest loss has not grown since then.
 * With 100 steps the checkpoints lie after 22, 41, 57, 70, 80, 87, 93 and 99.
 *
 * Source: Croce & Hein, "Reliable evaluation of adversarial robustness with an ensemble of diverse parameter-free attacks",
 * ICML 2020, https://arxiv.org/abs/2003.01690, §3.1–3.2. Three things are as in the authors' published code: a share of exactly ρ
 * counts as too few, condition 2 holds at the second checkpoint at the earliest, and after going back the next loss is
 * compared with the one that was left. There the first step is compared with a loss of 0, here with that of the start.
 * @param rows rows of the batch
 */
export function stepRule(rows: number, { steps, length, rho }: StepRuleOptions): StepRule {
  const lengths = new Float64Array(rows).fill(length);
  const best = new Float64Array(rows).fill(Number.NEGATIVE_INFINITY);
  const bestAtCheckpoint = new Float64Array(rows);
  const last = new Float64Array(rows);
  const rises = new Int32Array(rows);
  const halved = new Uint8Array(rows).fill(1);
  let gap = share(FIRST_GAP, steps);
  let sinceCheckpoint = -1;

  /** Whether a row is to be halved, at a checkpoint. */
  function fails(row: number): boolean {
    if ((rises[row] as number) <= rho * gap) return true;
    return halved[row] === 0 && (bestAtCheckpoint[row] as number) >= (best[row] as number);
  }

  return {
    lengths,
    observe(some, losses) {
      const better = new Uint8Array(some.length);
      const back = new Uint8Array(some.length);
      sinceCheckpoint++;
      for (const [i, row] of some.entries()) {
        const loss = losses[i] as number;
        if (loss > (best[row] as number)) {
          best[row] = loss;
          better[i] = 1;
        }
        if (sinceCheckpoint > 0 && loss > (last[row] as number)) rises[row] = (rises[row] as number) + 1;
        last[row] = loss;
      }
      if (sinceCheckpoint < gap) return { better, back };
      for (const [i, row] of some.entries()) {
        const halve = fails(row);
        if (halve) lengths[row] = (lengths[row] as number) / 2;
        back[i] = Number(halve);
        halved[row] = Number(halve);
        bestAtCheckpoint[row] = best[row] as number;
        rises[row] = 0;
      }
      gap = Math.max(gap - share(SHRINK, steps), share(SHORTEST_GAP, steps));
      sinceCheckpoint = 0;
      return { better, back };
    },
  };
}

function share(part: number, steps: number): number {
  return Math.max(Math.floor(part * steps), 1);
}
