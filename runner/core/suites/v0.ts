import { byNorm, targeted, untargeted } from './lines.ts';
import type { Suite } from './suite.ts';

const steps = { steps: 100, relativeStepSize: 0.025, restarts: 5 } as const;

/** The suite of the board while the attacks are being built; `v1` will be frozen when they are. */
export const v0: Suite = {
  id: 'v0',
  title: 'v0 (provisional)',
  description:
    'The first 1,000 test images: PGD with 100 steps and five restarts on both losses, C&W L2, JSMA in both directions. Provisional until more kinds of attack are in.',
  attacks: byNorm({
    Linf: [
      untargeted('fgsm', 'fgsm'),
      untargeted('pgd-ce', 'pgd', { loss: 'ce', ...steps }),
      untargeted('pgd-margin', 'pgd', { loss: 'margin', ...steps }),
    ],
    L2: [
      untargeted('fgsm', 'fgsm'),
      untargeted('pgd-ce', 'pgd', { loss: 'ce', ...steps }),
      untargeted('pgd-margin', 'pgd', { loss: 'margin', ...steps }),
      {
        ...untargeted('cw-l2', 'cw-l2', {
          binarySearchSteps: 5,
          initialConstant: 0.1,
          maxIterations: 500,
          learningRate: 0.05,
        }),
        ball: 'unbounded',
      },
    ],
    L0: [
      targeted('jsma-probabilities', 'jsma', 'runner-up', { on: 'probabilities' }),
      targeted('jsma-probabilities-down', 'jsma', 'runner-up', { on: 'probabilities', theta: -1 }),
      targeted('jsma-logits', 'jsma', 'all', { on: 'logits' }),
      targeted('jsma-logits-down', 'jsma', 'runner-up', { on: 'logits', theta: -1 }),
    ],
  }),
  examples: { count: 1000, which: 'first' },
  chunk: 100,
  evidence: { images: 'examples', limit: 1000 },
};
