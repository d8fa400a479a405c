import { z } from 'zod';
import type { Attack } from './attack.ts';
import { adversarialStart } from './shared/adversarial-start.ts';
import { searchByLabels } from './shared/label-search.ts';
import { alongLine } from './shared/line-search.ts';
import { labelNorms } from './shared/towards.ts';

const optionsSchema = z.strictObject({
  directions: z
    .int()
    .min(1)
    .max(1_000_000)
    .default(1000)
    .describe('Noise images tried until one is adversarial; each costs one forward pass.'),
  steps: z
    .int()
    .min(1)
    .max(100_000)
    .default(1000)
    .describe('Equal steps from the image to the noise, up to the first that is adversarial.'),
});

/**
 * Blend with noise: the image fades into noise that is adversarial, as little as it takes. A baseline, and where the other
 * label-based attacks start from: none of them may end farther away.
 *
 * Source: Rauber, Brendel & Bethge, "Foolbox", 2017, https://arxiv.org/abs/1707.04131, whose linear search it follows, with
 * its 1,000 directions and 1,000 steps. Half of the noise is coarse after the first image, as in `adversarialStart`.
 */
export const blendedNoise: Attack<typeof optionsSchema> = {
  id: 'blended-noise',
  name: 'Blended noise',
  norms: labelNorms,
  kind: 'minimum-norm',
  access: 'labels',
  targeted: 'never',
  paper: 'https://arxiv.org/abs/1707.04131',
  optionsSchema,

  perturb(context, { directions, steps }) {
    // One query more, for the image that clears the boundary.
    return searchByLabels(context, { queries: directions + steps + 1, minimal: true }, function* (searched) {
      const noise = yield* adversarialStart(searched, directions);
      if (noise !== null) yield* alongLine(searched, noise, steps);
    });
  },
};
