import type { Norm } from '../projections.ts';
import { type Track, tracks } from '../tracks.ts';
import { inStandard } from './autoattack.ts';
import { targeted, untargeted } from './lines.ts';
import type { Suite, SuiteAttack } from './suite.ts';

/** Models of the attacker's own: another half of the training images, another architecture, and one that is trained against the ball. */
const surrogates: Readonly<Record<Track['dataset'], readonly [half: string, other: string, trained: string]>> = {
  mnist: ['MnistHalf', 'MnistFullyConnected', 'MnistLenetAdversarial'],
  'fashion-mnist': ['FashionHalf', 'FashionFullyConnected', 'FashionLenetAdversarial'],
  cifar10: ['CifarHalf', 'CifarLenet', 'CifarLenetAdversarial'],
};

/** What a black box costs too much for every example is run on so many, and lowers the row by what it breaks there. */
const sample = { examples: 100 } as const;

const anyDistance = (line: SuiteAttack): SuiteAttack => ({ ...line, ball: 'unbounded' });

/** One step, and many: the second must break more. */
const gradients = [
  untargeted('fgsm', 'fgsm'),
  untargeted('pgd-margin', 'pgd', { loss: 'margin', steps: 100, relativeStepSize: 0.025, restarts: 5 }),
  untargeted('pgd-rescaled', 'pgd', { loss: 'rescaled-ce', steps: 100, relativeStepSize: 0.025, restarts: 2 }),
  untargeted('apgd-dlr', 'apgd', { loss: 'dlr', steps: 100, restarts: 5 }),
];

/** Blind: on what the surrogates have in common, with momentum and random sizes, and on the one that is trained as defenses are. */
function transfers(dataset: Track['dataset']): SuiteAttack[] {
  const [half, other, trained] = surrogates[dataset];
  const options = { steps: 20, loss: 'margin', diversity: 0.5 } as const;
  return [
    { ...untargeted('transfer', 'transfer', options), surrogates: [half, other] },
    { ...untargeted('transfer-robust', 'transfer', options), surrogates: [trained] },
  ];
}

const labels = [
  { ...untargeted('hop-skip-jump', 'hop-skip-jump', { queries: 5000 }), ...sample },
  { ...untargeted('noise', 'noise', { draws: 10_000 }), ...sample },
];

function linesOf({ norm, dataset }: Track): readonly SuiteAttack[] {
  const byNorm: Partial<Record<Norm, () => readonly SuiteAttack[]>> = {
    Linf: () => [
      ...inStandard,
      ...gradients,
      anyDistance(untargeted('fmn', 'fmn', { steps: 200 })),
      ...transfers(dataset),
      { ...untargeted('spsa', 'spsa'), ...sample },
      { ...untargeted('nes', 'nes', { steps: 100, loss: 'margin' }), ...sample },
      ...labels,
    ],
    L2: () => [
      ...inStandard,
      ...gradients,
      anyDistance(untargeted('ddn', 'ddn', { steps: 200 })),
      anyDistance(untargeted('fmn', 'fmn', { steps: 200 })),
      anyDistance(
        untargeted('cw-l2', 'cw-l2', {
          binarySearchSteps: 5,
          initialConstant: 0.1,
          maxIterations: 200,
          learningRate: 0.05,
        }),
      ),
      ...transfers(dataset),
      { ...untargeted('geoda', 'geoda', { queries: 4000 }), ...sample },
      ...labels,
    ],
    L0: () => [
      untargeted('sigma-zero', 'sigma-zero', { steps: 500 }),
      anyDistance(untargeted('fmn', 'fmn', { steps: 200 })),
      targeted('jsma-probabilities', 'jsma', 'runner-up', { on: 'probabilities' }),
      targeted('jsma-probabilities-down', 'jsma', 'runner-up', { on: 'probabilities', theta: -1 }),
      targeted('jsma-logits', 'jsma', 'all', { on: 'logits' }),
      targeted('jsma-logits-down', 'jsma', 'runner-up', { on: 'logits', theta: -1 }),
      untargeted('sparse-rs', 'sparse-rs', { queries: 5000 }),
      { ...untargeted('one-pixel', 'one-pixel', { population: 200, generations: 50 }), ...sample },
    ],
  };
  return byNorm[norm]?.() ?? [];
}

/**
 * The board's suite. Frozen: rows compare only while it stays as it is, so a change is a new suite.
 *
 * In L∞ and L2 the four attacks of AutoAttack's standard version come first, by its own parameters; then what else has been seen to lower
 * somebody's score. Every line meets every example, so columns compare, and a row is the worst case of each example over all lines. An image that
 * stands costs at most 6,000 gradients and 12,000 forward passes; what costs more, by scores or by labels, meets the first 100 examples only.
 */
export const v1: Suite = {
  id: 'v1',
  title: 'v1',
  description:
    'The first 1,000 test images. AutoAttack’s four, PGD and APGD on losses that do not saturate, the nearest adversarial image, transfer from three surrogates; by scores and labels on the first 100.',
  attacks: Object.fromEntries(tracks.map((track) => [track.id, linesOf(track)])),
  l1: [
    ...inStandard,
    untargeted('apgd-dlr', 'apgd', { loss: 'dlr', steps: 100, restarts: 5 }),
    anyDistance(untargeted('fmn', 'fmn', { steps: 200 })),
    anyDistance(
      untargeted('ead', 'ead', { binarySearchSteps: 5, initialConstant: 0.1, maxIterations: 200, learningRate: 0.05 }),
    ),
  ],
  examples: { count: 1000, which: 'first' },
  chunk: 100,
  evidence: { images: 'examples', limit: 1000 },
  probes: [
    'repeats',
    'forward-gradients',
    'gradients',
    'loss-noise',
    'optimisation-path',
    'more-iterations',
    'more-restarts',
    'larger-epsilon',
    'active-test',
    'universal',
  ],
};
