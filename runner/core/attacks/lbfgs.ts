import * as tf from '@tensorflow/tfjs';
import { z } from 'zod';
import { attackLoss } from '../losses.ts';
import type { Attack, AttackContext } from './attack.ts';
import { type BoxDescent, boxDescent } from './shared/box-descent.ts';
import { constantSearch } from './shared/constant-search.ts';
import { type Findings, findings } from './shared/findings.ts';
import { standing } from './shared/successes.ts';

const optionsSchema = z.strictObject({
  binarySearchSteps: z.int().min(1).max(100).default(9).describe('Values of the constant c tried for each image.'),
  initialConstant: z
    .number()
    .positive()
    .default(0.01)
    .describe('First c: the weight of the cross-entropy against the distance.'),
  maxIterations: z
    .int()
    .min(1)
    .max(100_000)
    .default(100)
    .describe('Steps of L-BFGS for each c; one gradient each, and one more for each time a step is shortened.'),
  memory: z.int().min(1).max(100).default(10).describe('Steps that L-BFGS remembers.'),
});

type Options = z.infer<typeof optionsSchema>;

/** Share of its value by which a step must lower the loss: float32 tells no finer. */
const TOLERANCE = 1e-7;

/** What the rows of a batch have in common. */
interface Attacked {
  readonly context: AttackContext;
  readonly clean: Float32Array;
  /** Class whose cross-entropy is lowered, [batch]. */
  readonly goals: Int32Array;
  /** Squared distance of the nearest success so far, [batch]. */
  readonly nearest: Float64Array;
  readonly found: Findings;
}

/**
 * Box-constrained L-BFGS, L2, with or without a target: minimises |xAdv − x|² + c · H(xAdv), where H is the cross-entropy of the target and
 * pixels stay in [0, 1], for the smallest c whose minimum is a success: tenfold until one is, then halving. Without a target it goes for
 * the class that comes second on x, and any wrong class will do. The nearest success of all passes is returned.
 *
 * Source: Szegedy et al., "Intriguing properties of neural networks", ICLR 2014, https://arxiv.org/abs/1312.6199, §4.1, which gives
 * no numbers: the defaults are ours. Departs from it in three ways: the distance is squared, without which it has no derivative at x;
 * it can do without a target; and a success clears the boundary by 1e-5 of the largest logit.
 */
export const lbfgs: Attack<typeof optionsSchema> = {
  id: 'lbfgs',
  name: 'L-BFGS',
  norms: ['L2'],
  kind: 'minimum-norm',
  access: 'gradient',
  targeted: 'optional',
  paper: 'https://arxiv.org/abs/1312.6199',
  optionsSchema,

  async perturb(context, options) {
    const { x } = context;
    const found = await findings(x);
    const clean = (await x.data<'float32'>()).slice();
    const nearest = new Float64Array(x.shape[0]).fill(Number.POSITIVE_INFINITY);
    const attacked = { context, clean, goals: context.target ?? (await runnersUp(context)), nearest, found };
    const search = constantSearch(x.shape[0], options.initialConstant);
    for (let step = 0; step < options.binarySearchSteps; step++) {
      search.update(await descend(attacked, options, search.constants));
    }
    return found.toTensor();
  },
};

/** The class of the largest logit on x that is not the true one, [batch]. */
async function runnersUp({ model, x, y }: AttackContext): Promise<Int32Array> {
  const logits = model.logits(x);
  const scores = await logits.data<'float32'>();
  logits.dispose();
  return y.map((own, row) => {
    let best = own === 0 ? 1 : 0;
    for (let c = 0; c < model.classes; c++) {
      const at = row * model.classes;
      if (c !== own && (scores[at + c] as number) > (scores[at + best] as number)) best = c;
    }
    return best;
  });
}

/**
 * Minimises with the constants as they are, from x.
 * @returns 1 for each row of the batch whose minimum is a success
 */
async function descend(attacked: Attacked, options: Options, constants: Float64Array): Promise<Uint8Array> {
  const { context, clean, nearest, found } = attacked;
  const size = clean.length / constants.length;
  const reached = new Uint8Array(constants.length);
  // What the last accepted point was: a minimiser ends at the lowest of those that it was told of.
  const lowest = new Float64Array(constants.length).fill(Number.POSITIVE_INFINITY);
  let descents = Array.from(constants, (_, row) => ({
    row,
    search: boxDescent(clean.subarray(row * size, (row + 1) * size), { ...options, tolerance: TOLERANCE }),
  }));
  while (descents.length > 0) {
    const { images, entropy, slopes, succeeded } = await evaluate(attacked, descents);
    for (const [i, { row, search }] of descents.entries()) {
      const at = i * size;
      const constant = constants[row] as number;
      const gradient = new Float64Array(size);
      let square = 0;
      for (let k = 0; k < size; k++) {
        const change = (images[at + k] as number) - (clean[row * size + k] as number);
        const slope = slopes[at + k] as number;
        square += change * change;
        gradient[k] = 2 * change + constant * (Number.isFinite(slope) ? slope : 0);
      }
      if (succeeded[i] === 1 && square < (nearest[row] as number)) {
        nearest[row] = square;
        found.store(row, images.subarray(at, at + size));
      }
      const loss = square + constant * (entropy[i] as number);
      // Logits that are not finite are a success, but no place to go on from.
      if (loss < (lowest[row] as number) || (Number.isNaN(loss) && succeeded[i] === 1)) {
        lowest[row] = Number.isNaN(loss) ? (lowest[row] as number) : loss;
        reached[row] = succeeded[i] as number;
      }
      search.tell(loss, gradient);
    }
    descents = descents.filter(({ search }) => !search.done);
    await context.pause();
  }
  return reached;
}

/** Cross-entropy of the goals and its gradient at the points asked for, as plain numbers. */
async function evaluate(
  { context, goals }: Attacked,
  descents: readonly { readonly row: number; readonly search: BoxDescent }[],
) {
  const { model } = context;
  const rows = Int32Array.from(descents, ({ row }) => row);
  const size = model.inputShape.reduce((product, extent) => product * extent, 1);
  const images = new Float32Array(rows.length * size);
  for (const [i, { search }] of descents.entries()) images.set(search.point, i * size);
  const some = rows.map((row) => goals[row] as number);
  const input = tf.tensor4d(images.slice(), [rows.length, ...model.inputShape]);
  const { logits, gradient } = model.gradient(input, attackLoss('ce', some, some));
  const [scores, ahead] = await Promise.all([logits.data<'float32'>(), gradient.data<'float32'>()]);
  const slopes = ahead.map((slope) => -slope);
  tf.dispose([input, logits, gradient]);
  const entropy = Float64Array.from(some, (goal, i) =>
    crossEntropyOf(scores.subarray(i * model.classes, (i + 1) * model.classes), goal),
  );
  return {
    images,
    slopes,
    entropy,
    succeeded: standing(context, scores, rows).succeeded,
  };
}

/** log Σ exp z − z[label], in float64. */
function crossEntropyOf(z: Float32Array, label: number): number {
  const largest = Math.max(...z);
  return largest + Math.log(z.reduce((sum, value) => sum + Math.exp(value - largest), 0)) - (z[label] as number);
}
