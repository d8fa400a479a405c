import type { Suite, SuiteAttack } from './suite.ts';

const untargeted = { targets: 'untargeted', ball: 'track' } as const;

const linf: readonly SuiteAttack[] = [
  { id: 'fgsm', attack: 'fgsm', options: {}, ...untargeted },
  { id: 'pgd-ce', attack: 'pgd', options: { steps: 40, loss: 'ce' }, ...untargeted },
  { id: 'pgd-margin', attack: 'pgd', options: { steps: 40, loss: 'margin' }, ...untargeted },
];

/** What a laptop without anything installed runs in a minute and a half. */
export const quick: Suite = {
  id: 'quick',
  title: 'Quick',
  description:
    'The first 100 test images and a budget for a laptop: enough to see that a defense breaks, not that it holds.',
  attacks: {
    'mnist-linf-0.3': linf,
  },
  examples: { count: 100, which: 'first' },
  chunk: 50,
  evidence: { images: 'examples', limit: 100 },
};
