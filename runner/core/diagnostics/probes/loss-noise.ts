import { margin } from '../../losses.ts';
import { exampleRandom } from '../../random.ts';
import { imageSize, inBatches } from './batches.ts';
import type { Probe } from './probe.ts';

const DRAWS = 100;
/** Half the width of the noise: a uniform draw from an interval of 8/255 around each pixel. */
const REACH = 4 / 255;

/**
 * How much a little noise changes the loss: the mean over 100 draws and all images of |L(x + noise) − L(x)| / |L(x)|, 1 at most. The
 * loss is the margin of logits, which does not saturate: the relative change of a cross-entropy near 0 says nothing.
 *
 * Source: Pintor et al., "Indicators of Attack Failure", NeurIPS 2022, https://arxiv.org/abs/2106.09947, I2, with the radius and the
 * number of draws of the authors' code; there the loss is the attack's.
 */
export const lossNoise: Probe = {
  id: 'loss-noise',
  examples: 20,
  cost: { passes: DRAWS / 2, lineRuns: 0 },
  async measure({ classifier, x, y, examples, seed }) {
    if (y.length === 0) return null;
    const size = imageSize(classifier);
    const random = exampleRandom(seed, 'probe/loss-noise');
    const losses = (images: Float32Array) =>
      inBatches(classifier, images, (batch, start) =>
        margin(y.slice(start, start + batch.shape[0]))(classifier.logits(batch)),
      );
    const reference = await losses(x);
    let total = 0;
    for (let draw = 0; draw < DRAWS; draw++) {
      const noise = random.uniform(examples, draw, size);
      const noisy = await losses(
        x.map((value, i) => Math.min(1, Math.max(0, value + REACH * (2 * (noise[i] as number) - 1)))),
      );
      for (const [i, loss] of noisy.entries()) {
        const own = reference[i] as number;
        const change = Math.abs(loss - own) / (own === 0 ? 1 : Math.abs(own));
        // A loss that is not a number is as far off as can be.
        total += Number.isFinite(change) ? change : 1;
      }
    }
    return { examples: y.length, relativeChange: Math.min(1, total / (DRAWS * y.length)) };
  },
};
