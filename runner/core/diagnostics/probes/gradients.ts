import { gradientModel, type PerExampleLoss } from '../../gradients.ts';
import { crossEntropy, dlr, margin, negated } from '../../losses.ts';
import { asAttacked } from '../../models/classifier.ts';
import { exampleRandom } from '../../random.ts';
import { ballSamples } from './ball-samples.ts';
import { imageSize, inBatches } from './batches.ts';
import type { Probe, ProbeContext } from './probe.ts';

/** Below this a float32 is denormal: it has lost digits, and some backends make it 0. */
const SMALLEST_NORMAL = 2 ** -126;

/**
 * Looks at the gradients that attacks live on.
 *
 * `zeroAtStart`: share of images whose DLR loss (with two classes its numerator) has no gradient at a random start in the ball.
 * `zeroAtClean`: share whose margin of logits has none at the clean image. `underflow`: share of the values of the cross-entropy's
 * gradient that are 0 or denormal where the margin's are not, at the clean images: what float32 alone took away.
 *
 * Sources: AutoAttack, check_zero_gradients at the start of APGD-DLR, https://github.com/fra31/auto-attack; Pintor et al., "Indicators of
 * Attack Failure", NeurIPS 2022, https://arxiv.org/abs/2106.09947, I1; Carlini et al., "On Evaluating Adversarial Robustness",
 * https://arxiv.org/abs/1902.06705, on numerical instability.
 */
export const gradients: Probe = {
  id: 'gradients',
  examples: 100,
  cost: { passes: 6, lineRuns: 0 },
  async measure(context) {
    const { y, classifier, x } = context;
    if (y.length === 0) return null;
    const atStart = await gradientOf(context, startsOf(context), classifier.classes < 3 ? negatedMargin : dlr);
    const ofMargin = await gradientOf(context, x, negatedMargin);
    const ofCrossEntropy = await gradientOf(context, x, crossEntropy);
    return {
      examples: y.length,
      zeroAtStart: zeroRows(atStart, y.length) / y.length,
      zeroAtClean: zeroRows(ofMargin, y.length) / y.length,
      underflow: lostShare(ofCrossEntropy, ofMargin),
    };
  },
};

const negatedMargin = (y: ArrayLike<number>) => negated(margin(y));

/** APGD's start: a uniform draw that touches the ball's surface; in L0, which has none, the clean images. */
function startsOf({ x, examples, norm, epsilon, seed }: ProbeContext): Float32Array {
  if (norm === 'L0') return x;
  return ballSamples(x, examples, norm, epsilon, 'inside', exampleRandom(seed, 'probe/gradients'), 0);
}

async function gradientOf(
  { classifier, y, seed }: ProbeContext,
  x: Float32Array,
  loss: (y: ArrayLike<number>) => PerExampleLoss,
): Promise<Float32Array> {
  const model = gradientModel(asAttacked(classifier, { seed, line: 'probe/gradients', chunk: 0 }));
  try {
    return await inBatches(classifier, x, (batch, start) => {
      const labels = y.slice(start, start + batch.shape[0]);
      return model.gradient(batch, loss(labels)).gradient.reshape([batch.shape[0], imageSize(classifier)]);
    });
  } finally {
    model.dispose();
  }
}

/** Rows without a value that is a number other than 0. */
function zeroRows(values: Float32Array, rows: number): number {
  const size = values.length / rows;
  let zero = 0;
  for (let row = 0; row < rows; row++) {
    if (!values.subarray(row * size, (row + 1) * size).some((value) => Math.abs(value) > 0)) zero++;
  }
  return zero;
}

function lostShare(values: Float32Array, reference: Float32Array): number {
  let lost = 0;
  let there = 0;
  for (const [i, value] of reference.entries()) {
    if (!(Math.abs(value) >= SMALLEST_NORMAL)) continue;
    there++;
    if (!(Math.abs(values[i] as number) >= SMALLEST_NORMAL)) lost++;
  }
  return there === 0 ? 0 : lost / there;
}
