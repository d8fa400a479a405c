import type { Norm } from '#core/projections.ts';

/** The peers: names of the modules in `python/` without `_attacks.py`. */
export const tools = ['foolbox', 'torchattacks', 'art'] as const;
export type Tool = (typeof tools)[number];

type Parameters = Readonly<Record<string, number | string>>;

/** An attack of ours with its options. */
export interface Line {
  readonly attack: string;
  readonly options: Readonly<Record<string, number | string | boolean>>;
}

interface Golden<P> {
  readonly images: number;
  readonly parameters?: P;
  /** At one radius, of middle size, for what is slow; without, at all of `golden.ts`. */
  readonly oneRadius?: true;
}

/** One search that several tools do, and the budget that each of them gets. */
export interface Comparison {
  readonly id: string;
  /** Name in the tables `ATTACKS` of `python/`. */
  readonly search: string;
  readonly norm: Norm;
  /** 'fixed-epsilon': who breaks more within ε. 'minimum-norm': who comes nearer. */
  readonly kind: 'fixed-epsilon' | 'minimum-norm';
  readonly targets: 'untargeted' | 'all';
  /** What every tool is told, under one name each. */
  readonly parameters: Parameters;
  /** The same search by attacks of ours, one after the other on what still stands. */
  readonly ours: (parameters: Parameters) => readonly Line[];
  /** Who else has it; a remark where a peer does less under the same name, and is then left out of the ratio. */
  readonly peers: Partial<Readonly<Record<Tool, string | null>>>;
  /** Smaller budget of the stored outcomes, for a test of seconds; null where there are none. */
  readonly golden: Golden<Parameters> | null;
}

type Definition<P extends Parameters> = Omit<Comparison, 'parameters' | 'ours' | 'targets' | 'golden' | 'id'> & {
  readonly targets?: Comparison['targets'];
  /** Tells it from another comparison of the same search and norm. */
  readonly variant?: string;
  readonly parameters: P;
  readonly ours: (parameters: P) => readonly Line[];
  readonly golden?: Golden<Partial<P>> | null;
};

function compare<P extends Parameters>({ golden = { images: 100 }, ...definition }: Definition<P>): Comparison {
  const { search, norm, variant } = definition;
  const id = [search, norm.toLowerCase(), variant]
    .filter((part) => part !== undefined)
    .join('-')
    .replace('l2-l2', 'l2');
  return { targets: 'untargeted', ...definition, id, golden } as unknown as Comparison;
}

const apgdCe = ({ steps, loss }: { steps: number; loss: string }): Line => ({
  attack: 'apgd',
  options: { steps, loss },
});
const apgdT = ({ steps, targets }: { steps: number; targets: number }): Line => ({
  attack: 'apgd-t',
  options: { steps, targets },
});
const fabT = ({ steps, targets }: { steps: number; targets: number }): Line => ({
  attack: 'fab-t',
  options: { steps, targets },
});
const square = ({ queries, initialShare }: { queries: number; initialShare: number }): Line => ({
  attack: 'square',
  options: { queries, initialShare, rescaleSchedule: false, loss: 'margin' },
});

const norms: readonly Norm[] = ['Linf', 'L2'];

/** Every comparison. Budgets are AutoAttack's standard and the papers', C&W and EAD with 1,000 steps for 10,000. */
export const comparisons: readonly Comparison[] = [
  compare({
    search: 'fgsm',
    norm: 'Linf',
    kind: 'fixed-epsilon',
    parameters: {},
    ours: () => [{ attack: 'fgsm', options: {} }],
    peers: { foolbox: null, torchattacks: null, art: null },
  }),
  // Where a net is sure of itself, cross-entropy loses its gradient to rounding in the peers and keeps it in ours. With small
  // logits it does in neither, and one step of the sign is the same step for all.
  compare({
    search: 'fgsm',
    variant: 'scaled',
    norm: 'Linf',
    kind: 'fixed-epsilon',
    parameters: { logitScale: 1e-4 },
    ours: () => [{ attack: 'fgsm', options: {} }],
    peers: { foolbox: null, torchattacks: null, art: null },
  }),
  ...(
    [
      { norm: 'Linf', relativeStepSize: 0.01 / 0.3 },
      { norm: 'Linf', relativeStepSize: 0.01 / 0.3, variant: 'scaled', logitScale: 1e-4 },
      { norm: 'L2', relativeStepSize: 0.05 },
    ] as const
  ).map(({ norm, relativeStepSize, ...scaled }) =>
    compare({
      search: 'pgd',
      norm,
      ...('variant' in scaled ? { variant: scaled.variant } : {}),
      kind: 'fixed-epsilon',
      parameters: { steps: 40, relativeStepSize, ...('logitScale' in scaled ? { logitScale: scaled.logitScale } : {}) },
      ours: ({ steps, relativeStepSize }) => [{ attack: 'pgd', options: { steps, relativeStepSize } }],
      peers: { foolbox: null, torchattacks: null, art: null },
      golden: { images: 50 },
    }),
  ),
  ...norms.map((norm) =>
    compare({
      search: 'apgd',
      norm,
      kind: 'fixed-epsilon',
      parameters: { steps: 100, loss: 'ce' },
      ours: (parameters) => [apgdCe(parameters)],
      peers: { torchattacks: null, art: null },
      golden: { images: 50, oneRadius: true },
    }),
  ),
  ...norms.map((norm) =>
    compare({
      search: 'apgd-t',
      norm,
      kind: 'fixed-epsilon',
      parameters: { steps: 100, targets: 9 },
      ours: (parameters) => [apgdT(parameters)],
      peers: { torchattacks: null },
      golden: { images: 20, parameters: { steps: 20 }, oneRadius: true },
    }),
  ),
  compare({
    search: 'fab',
    norm: 'Linf',
    kind: 'fixed-epsilon',
    parameters: { steps: 100 },
    ours: ({ steps }) => [{ attack: 'fab', options: { steps } }],
    peers: { torchattacks: null },
    golden: { images: 20, parameters: { steps: 20 }, oneRadius: true },
  }),
  ...norms.map((norm) =>
    compare({
      search: 'fab-t',
      norm,
      kind: 'fixed-epsilon',
      parameters: { steps: 100, targets: 9 },
      ours: (parameters) => [fabT(parameters)],
      peers: { torchattacks: null },
      golden: { images: 20, parameters: { steps: 20 }, oneRadius: true },
    }),
  ),
  ...norms.map((norm) =>
    compare({
      search: 'square',
      norm,
      kind: 'fixed-epsilon',
      parameters: { queries: 5000, initialShare: 0.8 },
      ours: (parameters) => [square(parameters)],
      peers: { torchattacks: null, art: null },
      golden: { images: 25, parameters: { queries: 500 }, oneRadius: true },
    }),
  ),
  ...norms.map((norm) =>
    compare({
      search: 'autoattack',
      norm,
      kind: 'fixed-epsilon',
      parameters: { steps: 100, targets: 9, queries: 5000, initialShare: 0.8 },
      ours: (parameters) => [
        apgdCe({ ...parameters, loss: 'ce' }),
        apgdT(parameters),
        fabT(parameters),
        square(parameters),
      ],
      peers: { torchattacks: null },
      golden: null,
    }),
  ),
  compare({
    search: 'deepfool',
    norm: 'L2',
    kind: 'minimum-norm',
    parameters: { steps: 50, overshoot: 0.02, candidates: 10 },
    ours: ({ steps, overshoot, candidates }) => [
      { attack: 'deepfool', options: { maxIterations: steps, overshoot, candidates } },
    ],
    peers: { foolbox: null, torchattacks: null, art: null },
    golden: { images: 25 },
  }),
  compare({
    search: 'deepfool',
    norm: 'Linf',
    kind: 'minimum-norm',
    parameters: { steps: 50, overshoot: 0.02, candidates: 10 },
    ours: ({ steps, overshoot, candidates }) => [
      { attack: 'deepfool', options: { maxIterations: steps, overshoot, candidates } },
    ],
    peers: { foolbox: null },
    golden: { images: 25 },
  }),
  compare({
    search: 'cw-l2',
    norm: 'L2',
    kind: 'minimum-norm',
    parameters: { binarySearchSteps: 9, steps: 1000, learningRate: 0.01, initialConstant: 1e-3 },
    ours: ({ binarySearchSteps, steps, learningRate, initialConstant }) => [
      { attack: 'cw-l2', options: { binarySearchSteps, maxIterations: steps, learningRate, initialConstant } },
    ],
    peers: { foolbox: null, art: null, torchattacks: 'no search for the constant; black and white pixels stand still' },
    golden: { images: 20, parameters: { binarySearchSteps: 5, steps: 50, learningRate: 0.1, initialConstant: 0.1 } },
  }),
  compare({
    search: 'ead',
    norm: 'L1',
    kind: 'minimum-norm',
    parameters: {
      binarySearchSteps: 9,
      steps: 1000,
      learningRate: 0.01,
      initialConstant: 1e-3,
      beta: 1e-3,
      decisionRule: 'L1',
    },
    ours: ({ binarySearchSteps, steps, learningRate, initialConstant, beta, decisionRule }) => [
      {
        attack: 'ead',
        options: { binarySearchSteps, maxIterations: steps, learningRate, initialConstant, beta, rule: decisionRule },
      },
    ],
    peers: { foolbox: null, torchattacks: null, art: null },
    golden: { images: 20, parameters: { binarySearchSteps: 5, steps: 50, learningRate: 0.1, initialConstant: 0.1 } },
  }),
  ...(['Linf', 'L2', 'L1', 'L0'] as const).map((norm) =>
    compare({
      search: 'fmn',
      norm,
      kind: 'minimum-norm',
      parameters: { steps: 100, stepSize: 1, gamma: 0.05 },
      ours: ({ steps, stepSize, gamma }) => [{ attack: 'fmn', options: { steps, stepSize, gamma } }],
      peers: { foolbox: null },
      golden: { images: 50 },
    }),
  ),
  compare({
    search: 'hop-skip-jump',
    norm: 'L2',
    kind: 'minimum-norm',
    // 20 steps of 100·√t probes are 6,200 queries, and what finds the boundary 400 more: peers count steps, ours queries.
    parameters: { steps: 20, queries: 6600, initialProbes: 100, maxProbes: 10_000 },
    ours: ({ queries, initialProbes, maxProbes }) => [
      { attack: 'hop-skip-jump', options: { queries, initialProbes, maxProbes } },
    ],
    peers: { foolbox: null, art: null },
    golden: { images: 20, parameters: { steps: 5, queries: 950 } },
  }),
  compare({
    search: 'jsma',
    norm: 'L0',
    kind: 'fixed-epsilon',
    targets: 'all',
    parameters: { maxFeatures: 112, values: 784 },
    ours: ({ maxFeatures }) => [{ attack: 'jsma', options: { on: 'logits', maxFeatures } }],
    peers: { torchattacks: null, art: 'not the best pair: the two values that are best one by one' },
    golden: { images: 4 },
  }),
];
