/** Searches for the nearest, and JSMA. */
import { type Comparison, compare } from '../comparison.ts';

const kind = 'minimum-norm';
const constants = { binarySearchSteps: 9, steps: 1000, learningRate: 0.01, initialConstant: 1e-3 };
const fewer = { binarySearchSteps: 5, steps: 50, learningRate: 0.1, initialConstant: 0.1 };
/** Steps of 0.1, which black pixels need to move at all, step over what is nearest in a colour image. */
const ofDataset = { cifar10: { learningRate: 0.01 } };

const deepfool = {
  search: 'deepfool',
  kind,
  parameters: { steps: 50, overshoot: 0.02, candidates: 10 },
  ours: ({ steps, overshoot, candidates }: { steps: number; overshoot: number; candidates: number }) => [
    { attack: 'deepfool', options: { maxIterations: steps, overshoot, candidates } },
  ],
  golden: { images: 25 },
} as const;

/** Budgets are the papers', C&W L2 and EAD with 1,000 steps for 10,000. */
export const nearest: readonly Comparison[] = [
  compare({ ...deepfool, norm: 'L2', peers: { foolbox: null, torchattacks: null, art: null } }),
  compare({ ...deepfool, norm: 'Linf', peers: { foolbox: null } }),
  compare({
    search: 'cw-l2',
    norm: 'L2',
    kind,
    parameters: constants,
    ours: ({ binarySearchSteps, steps, learningRate, initialConstant }) => [
      { attack: 'cw-l2', options: { binarySearchSteps, maxIterations: steps, learningRate, initialConstant } },
    ],
    peers: { foolbox: null, art: null, torchattacks: 'no search for the constant; black and white pixels stand still' },
    golden: { images: 20, parameters: fewer, ofDataset },
  }),
  compare({
    search: 'cw-linf',
    norm: 'Linf',
    kind,
    parameters: { steps: 1000, learningRate: 0.005, initialConstant: 1e-5, largestConstant: 20 },
    ours: ({ steps, learningRate, initialConstant, largestConstant }) => [
      { attack: 'cw-linf', options: { maxIterations: steps, learningRate, initialConstant, largestConstant } },
    ],
    peers: { art: null },
    golden: {
      images: 10,
      parameters: { steps: 20, learningRate: 0.1, initialConstant: 0.1, largestConstant: 20 },
    },
  }),
  compare({
    search: 'cw-l0',
    norm: 'L0',
    kind,
    parameters: { steps: 1000, learningRate: 0.01, initialConstant: 1e-3 },
    ours: ({ steps, learningRate, initialConstant }) => [
      { attack: 'cw-l0', options: { maxIterations: steps, learningRate, initialConstant } },
    ],
    peers: { art: null },
    golden: null,
  }),
  compare({
    search: 'ead',
    norm: 'L1',
    kind,
    parameters: { ...constants, beta: 1e-3, decisionRule: 'L1' },
    ours: ({ binarySearchSteps, steps, learningRate, initialConstant, beta, decisionRule }) => [
      {
        attack: 'ead',
        options: { binarySearchSteps, maxIterations: steps, learningRate, initialConstant, beta, rule: decisionRule },
      },
    ],
    peers: { foolbox: null, torchattacks: 'no success on any MNIST net', art: null },
    golden: { images: 20, parameters: fewer, ofDataset },
  }),
  ...(['Linf', 'L2', 'L1', 'L0'] as const).map((norm) =>
    compare({
      search: 'fmn',
      norm,
      kind,
      parameters: { steps: 100, stepSize: 1, gamma: 0.05 },
      ours: ({ steps, stepSize, gamma }) => [{ attack: 'fmn', options: { steps, stepSize, gamma } }],
      peers: { foolbox: null },
      golden: { images: 50 },
    }),
  ),
  compare({
    search: 'ddn',
    norm: 'L2',
    kind,
    parameters: { steps: 100, gamma: 0.05, initialNorm: 1 },
    ours: ({ steps, gamma, initialNorm }) => [{ attack: 'ddn', options: { steps, gamma, initialNorm } }],
    peers: { foolbox: null },
    golden: { images: 50 },
  }),
  compare({
    search: 'jsma',
    norm: 'L0',
    kind: 'fixed-epsilon',
    targets: 'all',
    parameters: { maxFeatures: 112 },
    // Both peers leave out what is nearly white.
    ours: ({ maxFeatures }) => [{ attack: 'jsma', options: { on: 'logits', maxFeatures, leastRoom: 0.01 } }],
    peers: { torchattacks: null, art: 'not the best pair: the two values that are best one by one' },
    golden: { images: 4 },
  }),
];
