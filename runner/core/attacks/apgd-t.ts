import { z } from 'zod';
import { ParapetError } from '../errors.ts';
import type { Attack, AttackContext } from './attack.ts';
import { climb } from './shared/apgd-climb.ts';
import { apgdOptions } from './shared/apgd-options.ts';
import { findings } from './shared/findings.ts';
import { meanLogits } from './shared/useful-gradient.ts';

/** The denominator of the targeted DLR loss takes the third and the fourth largest logit. */
const FEWEST_CLASSES = 4;

const optionsSchema = z.strictObject({
  targets: z
    .int()
    .min(1)
    .max(1000)
    .default(9)
    .describe('Classes led to in turn, the most likely first; no more than there are wrong ones.'),
  ...apgdOptions,
});

/**
 * Auto-PGD on the targeted DLR loss (APGD-T): for each image a run of APGD towards its most likely wrong class, then towards the
 * next one, and so on while it stands. Any wrong class is a success, not only the one that the run leads to.
 *
 * Source: Croce & Hein, "Reliable evaluation of adversarial robustness with an ensemble of diverse parameter-free attacks",
 * ICML 2020, https://arxiv.org/abs/2003.01690, §4.2 and eq. 7; defaults: those of AutoAttack's standard version. In L1 it takes
 * 5 targets: Croce & Hein, "Mind the Box", ICML 2021, https://arxiv.org/abs/2103.01208.
 * Departs from the authors' published code as `apgd.ts` does.
 */
export const apgdT: Attack<typeof optionsSchema> = {
  id: 'apgd-t',
  name: 'APGD-T',
  norms: ['Linf', 'L2', 'L1'],
  kind: 'fixed-epsilon',
  access: 'gradient',
  targeted: 'never',
  paper: 'https://arxiv.org/abs/2003.01690',
  optionsSchema,

  /** @throws ParapetError 'usage' for a model of fewer than four classes */
  async perturb(context, { targets, restarts, ...options }) {
    const { classes } = context.model;
    if (classes < FEWEST_CLASSES) {
      throw new ParapetError(
        'usage',
        `apgd-t: the model has ${classes} classes, its targeted DLR loss needs at least ${FEWEST_CLASSES}`,
        'use apgd, with loss ce or margin',
      );
    }
    const found = await findings(context.x);
    const wrong = await likeliestWrong(context, Math.min(targets, classes - 1), options.eotSamples);
    for (const [rank, target] of wrong.entries()) {
      for (let restart = 0; restart < restarts; restart++) {
        const rows = found.open();
        if (rows.length === 0) return found.toTensor();
        await climb(context, { ...options, loss: 'dlr', target, number: rank * restarts + restart }, rows, found);
      }
    }
    return found.toTensor();
  },
};

/** The wrong classes by the logits of the clean images, the largest first: `count` arrays with a class for each row. */
async function likeliestWrong({ model, x, y }: AttackContext, count: number, samples: number): Promise<Int32Array[]> {
  const logits = meanLogits(model, x, samples);
  const scores = await logits.data<'float32'>();
  logits.dispose();
  const { classes } = model;
  const ranked = Array.from(y, (own, row) => {
    const wrong = Array.from({ length: classes }, (_, c) => c).filter((c) => c !== own);
    return wrong.sort((a, b) => (scores[row * classes + b] as number) - (scores[row * classes + a] as number));
  });
  return Array.from({ length: count }, (_, rank) => Int32Array.from(ranked, (wrong) => wrong[rank] as number));
}
