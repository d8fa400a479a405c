import { z } from 'zod';
import type { Attack } from './attack.ts';
import { searchByLabels } from './shared/label-search.ts';
import { alongLine } from './shared/line-search.ts';
import { labelNorms } from './shared/towards.ts';

const optionsSchema = z.strictObject({
  steps: z
    .int()
    .min(1)
    .max(100_000)
    .default(1000)
    .describe('Equal steps from the image to grey; each costs one forward pass, up to the first that is adversarial.'),
});

/**
 * Reduction of contrast: every pixel goes towards mid-grey, as little as it takes. A baseline that knows nothing of the model
 * and draws nothing: what falls to it at a small distance was hardly recognised.
 *
 * Source: Rauber, Brendel & Bethge, "Foolbox", 2017, https://arxiv.org/abs/1707.04131, whose linear search for the contrast it
 * follows, 1,000 steps included.
 */
export const contrast: Attack<typeof optionsSchema> = {
  id: 'contrast',
  name: 'Contrast reduction',
  norms: labelNorms,
  kind: 'minimum-norm',
  access: 'labels',
  targeted: 'optional',
  paper: 'https://arxiv.org/abs/1707.04131',
  optionsSchema,

  perturb(context, { steps }) {
    // One query more, for the image that clears the boundary.
    return searchByLabels(context, { queries: steps + 1, minimal: true }, function* (searched) {
      yield* alongLine(searched, new Float32Array(searched.x.length).fill(0.5), steps);
    });
  },
};
