import * as tf from '@tensorflow/tfjs';
import { z } from 'zod';
import type { Attack } from './attack.ts';
import { pick } from './shared/active-set.ts';
import { logitDifference, rankedOthers } from './shared/boundaries.ts';
import { fabOptions, fabRun, fabSearch } from './shared/fab-run.ts';
import { scoresOf } from './shared/host-images.ts';
import { convexNorms } from './shared/row-norms.ts';

const optionsSchema = z.strictObject({
  ...fabOptions,
  targets: z
    .int()
    .min(1)
    .max(1000)
    .default(9)
    .describe('Classes whose boundary is tried, one after the other, from the most likely other one on.'),
});

/**
 * Targeted version of the fast adaptive boundary attack (FAB-T), L∞, L2 or L1: as FAB, but each run looks at the boundary with one
 * class alone, so that a step takes one backward pass however many classes there are. Any wrong class is a success.
 *
 * Source: Croce & Hein, "Reliable evaluation of adversarial robustness with an ensemble of diverse parameter-free attacks",
 * ICML 2020, https://arxiv.org/abs/2003.01690, and the standard of its authors' published code for defaults: nine classes, by
 * rank of the clean logits. It departs from FAB as FAB here does from its paper.
 */
export const fabT: Attack<typeof optionsSchema> = {
  id: 'fab-t',
  name: 'FAB-T',
  norms: convexNorms,
  kind: 'minimum-norm',
  access: 'gradient',
  targeted: 'never',
  paper: 'https://arxiv.org/abs/2003.01690',
  optionsSchema,

  async perturb(context, options) {
    const { model, x, y } = context;
    const clean = await x.data<'float32'>();
    const search = fabSearch(clean, y.length);
    const ranked = rankedOthers(await scoresOf(model, clean), model.classes, y, options.targets);
    for (const [rank, others] of ranked.entries()) {
      for (let restart = 0; restart < options.restarts; restart++) {
        const start = { run: rank * options.restarts + restart, random: restart > 0 };
        await fabRun(context, options, search, start, (rows) => [logitDifference(pick(others, rows), pick(y, rows))]);
      }
    }
    return tf.tensor4d(search.best, x.shape);
  },
};
