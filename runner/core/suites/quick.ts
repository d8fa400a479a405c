import { byNorm, targeted, untargeted } from './lines.ts';
import type { Suite } from './suite.ts';

/** What a laptop with nothing installed runs in a minute and a half: about 60,000 gradients for two defenses of MNIST. */
export const quick: Suite = {
  id: 'quick',
  title: 'Quick',
  description:
    'The first 100 test images and a budget for a laptop. Enough to see that a defense breaks, not that it holds.',
  attacks: byNorm({
    Linf: [
      untargeted('fgsm', 'fgsm'),
      untargeted('pgd-ce', 'pgd', { loss: 'ce', steps: 20, relativeStepSize: 0.1 }),
      untargeted('pgd-margin', 'pgd', { loss: 'margin', steps: 20, relativeStepSize: 0.1 }),
    ],
    L2: [
      untargeted('pgd-ce', 'pgd', { loss: 'ce', steps: 20, relativeStepSize: 0.1 }),
      untargeted('pgd-margin', 'pgd', { loss: 'margin', steps: 20, relativeStepSize: 0.1 }),
      {
        ...untargeted('cw-l2', 'cw-l2', {
          binarySearchSteps: 4,
          initialConstant: 0.1,
          maxIterations: 50,
          learningRate: 0.2,
        }),
        ball: 'unbounded',
      },
    ],
    L0: [
      targeted('jsma-probabilities', 'jsma', 'runner-up', { on: 'probabilities' }),
      targeted('jsma-logits', 'jsma', 'runner-up', { on: 'logits' }),
    ],
  }),
  l1: [
    untargeted('apgd-ce', 'apgd', { loss: 'ce', steps: 20 }),
    untargeted('apgd-margin', 'apgd', { loss: 'margin', steps: 20 }),
    {
      ...untargeted('ead', 'ead', { binarySearchSteps: 4, initialConstant: 0.1, maxIterations: 50, learningRate: 0.2 }),
      ball: 'unbounded',
    },
  ],
  examples: { count: 100, which: 'first' },
  chunk: 50,
  evidence: { images: 'examples', limit: 100 },
};
