/** One step of the gradient, or several of a length that is given. */
import { type Comparison, compare } from '../comparison.ts';

/**
 * Multiplies logits. Where a net is sure of itself, cross-entropy loses its gradient to rounding in the peers and keeps it in ours. With
 * small logits it does in neither, and one step of the sign is the same step for all.
 */
const logitScale = 1e-4;

const pgd = (parameters: { steps: number; relativeStepSize: number }) =>
  ({
    search: 'pgd',
    kind: 'fixed-epsilon',
    parameters,
    ours: ({ steps, relativeStepSize }: typeof parameters) => [{ attack: 'pgd', options: { steps, relativeStepSize } }],
    golden: { images: 50 },
  }) as const;

const fgsm = { search: 'fgsm', kind: 'fixed-epsilon', ours: () => [{ attack: 'fgsm', options: {} }] } as const;

const momentum = {
  search: 'mi-fgsm',
  kind: 'fixed-epsilon',
  parameters: { steps: 10, decay: 1 },
  ours: ({ steps, decay }: { steps: number; decay: number }) => [{ attack: 'mi-fgsm', options: { steps, decay } }],
  golden: { images: 50 },
} as const;

export const steps: readonly Comparison[] = [
  compare({ ...fgsm, norm: 'Linf', parameters: {}, peers: { foolbox: null, torchattacks: null, art: null } }),
  compare({
    ...fgsm,
    variant: 'scaled',
    norm: 'Linf',
    parameters: { logitScale },
    peers: { foolbox: null, torchattacks: null, art: null },
  }),
  compare({ ...fgsm, norm: 'L2', parameters: {}, peers: { foolbox: null, art: null } }),
  compare({
    search: 'r-fgsm',
    norm: 'Linf',
    kind: 'fixed-epsilon',
    parameters: { randomShare: 0.5 },
    ours: ({ randomShare }) => [{ attack: 'r-fgsm', options: { randomShare } }],
    peers: { torchattacks: null },
  }),
  compare({
    search: 'bim',
    norm: 'Linf',
    kind: 'fixed-epsilon',
    parameters: { steps: 10, relativeStepSize: 0.2 },
    ours: ({ steps, relativeStepSize }, epsilon) => [
      { attack: 'bim', options: { steps, stepSize: relativeStepSize * epsilon } },
    ],
    peers: { foolbox: null, torchattacks: null, art: null },
    golden: { images: 50 },
  }),
  compare({ ...momentum, norm: 'Linf', peers: { foolbox: null, torchattacks: null, art: null } }),
  compare({ ...momentum, norm: 'L2', peers: { foolbox: null, art: null } }),
  compare({
    ...pgd({ steps: 40, relativeStepSize: 0.01 / 0.3 }),
    norm: 'Linf',
    peers: { foolbox: null, torchattacks: null, art: null },
  }),
  compare({
    ...pgd({ steps: 40, relativeStepSize: 0.01 / 0.3 }),
    variant: 'scaled',
    norm: 'Linf',
    parameters: { steps: 40, relativeStepSize: 0.01 / 0.3, logitScale },
    peers: { foolbox: null, torchattacks: null, art: null },
  }),
  compare({
    ...pgd({ steps: 40, relativeStepSize: 0.05 }),
    norm: 'L2',
    peers: { foolbox: null, torchattacks: null, art: null },
  }),
  // Foolbox has the sparse steps of SLIDE too, ART the whole gradient.
  compare({ ...pgd({ steps: 40, relativeStepSize: 0.05 }), norm: 'L1', peers: { foolbox: null, art: null } }),
];
