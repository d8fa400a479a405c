/**
 * AutoAttack's three versions by themselves, as its authors published them.
 *
 * Source: Croce & Hein, "Reliable evaluation of adversarial robustness with an ensemble of diverse parameter-free attacks",
 * ICML 2020, https://arxiv.org/abs/2003.01690, §6 and the authors' code (github.com/fra31/auto-attack) for order and budgets.
 * Each attack meets only the images that no attack before it broke.
 */
import { byNorm, untargeted } from './lines.ts';
import type { Suite, SuiteAttack } from './suite.ts';

const apgdCe = (options: SuiteAttack['options']) =>
  untargeted('apgd-ce', 'apgd', { loss: 'ce', steps: 100, ...options });
const apgdDlr = (options: SuiteAttack['options']) =>
  untargeted('apgd-dlr', 'apgd', { loss: 'dlr', steps: 100, ...options });
const apgdT = untargeted('apgd-t', 'apgd-t', { steps: 100, targets: 9, restarts: 1 });
const fab = untargeted('fab', 'fab', { steps: 100, restarts: 5 });
const fabT = untargeted('fab-t', 'fab-t', { steps: 100, targets: 9, restarts: 1 });
const square = untargeted('square', 'square', { queries: 5000, restarts: 1 });

/** The attacks of the standard version, in their order. */
export const inStandard: readonly SuiteAttack[] = [apgdCe({ restarts: 1 }), apgdT, fabT, square];

/** AutoAttack is the same in every norm that it knows. */
const inAll = (lines: readonly SuiteAttack[]) => ({ attacks: byNorm({ Linf: lines, L2: lines }), l1: lines });

const overDraws = (eotSamples: number) =>
  inAll([apgdCe({ restarts: 1, eotSamples }), apgdDlr({ restarts: 1, eotSamples })]);

const common = {
  examples: { count: 10_000, which: 'first' },
  cascade: true,
  chunk: 250,
  evidence: { images: 'examples', limit: 1000 },
} as const;

export const autoattackStandard: Suite = {
  id: 'autoattack-standard',
  title: 'AutoAttack, standard',
  description:
    'APGD on cross-entropy, APGD and FAB towards nine classes, and Square, each on what the ones before it left.',
  ...inAll(inStandard),
  ...common,
};

export const autoattackPlus: Suite = {
  id: 'autoattack-plus',
  title: 'AutoAttack, plus',
  description:
    'APGD on cross-entropy and on the DLR loss, FAB, all five times, Square, and APGD and FAB towards nine classes, each on what the ones before it left.',
  ...inAll([apgdCe({ restarts: 5 }), apgdDlr({ restarts: 5 }), fab, square, apgdT, fabT]),
  ...common,
};

/** For defenses that answer at random. */
export const autoattackRand: Suite = {
  id: 'autoattack-rand',
  title: 'AutoAttack, rand',
  description:
    'APGD on cross-entropy and on the DLR loss, each gradient the mean of 20 passes: for defenses that answer at random.',
  ...overDraws(20),
  ...common,
};

/** The same on a budget: defenses that draw cost many passes for each answer. */
export const autoattackRand100: Suite = {
  id: 'autoattack-rand-100',
  title: 'AutoAttack, rand, 100 images',
  description:
    'The attacks of AutoAttack’s rand version on the first 100 images, each gradient the mean of 16 passes: for defenses that answer at random.',
  ...overDraws(16),
  ...common,
  examples: { count: 100, which: 'first' },
  chunk: 50,
  evidence: { images: 'examples', limit: 100 },
  probes: ['repeats', 'forward-gradients', 'gradients'],
};
