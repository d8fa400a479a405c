/** The attacks of AutoAttack, one by one and together. */
import { type Comparison, compare, type Line } from '../comparison.ts';

type Steps = { steps: number };
type Targeted = Steps & { targets: number };
type Queries = { queries: number; initialShare: number };

const apgdCe = ({ steps }: Steps): Line => ({ attack: 'apgd', options: { steps, loss: 'ce' } });
const apgdT = ({ steps, targets }: Targeted): Line => ({ attack: 'apgd-t', options: { steps, targets } });
const fabT = ({ steps, targets }: Targeted): Line => ({ attack: 'fab-t', options: { steps, targets } });
const square = ({ queries, initialShare }: Queries): Line => ({
  attack: 'square',
  options: { queries, initialShare, rescaleSchedule: false, loss: 'margin' },
});

const kind = 'fixed-epsilon';
const both = ['Linf', 'L2'] as const;
/** For what asks for many passes of an image: fewer images, fewer passes, at one radius. */
const slow = { images: 20, parameters: { steps: 20 }, oneRadius: true } as const;

export const autoattack: readonly Comparison[] = [
  ...both.map((norm) =>
    compare({
      search: 'apgd',
      norm,
      kind,
      parameters: { steps: 100, loss: 'ce' },
      ours: (parameters) => [apgdCe(parameters)],
      peers: { torchattacks: null, art: null },
      golden: { images: 50, oneRadius: true },
    }),
  ),
  compare({
    search: 'apgd',
    norm: 'L1',
    kind,
    parameters: { steps: 100, loss: 'ce' },
    ours: (parameters) => [apgdCe(parameters)],
    peers: { art: 'as in L2, not the steps that are made for L1' },
    golden: { images: 20, oneRadius: true },
  }),
  ...both.map((norm) =>
    compare({
      search: 'apgd-t',
      norm,
      kind,
      parameters: { steps: 100, targets: 9 },
      ours: (parameters) => [apgdT(parameters)],
      peers: { torchattacks: null },
      golden: slow,
    }),
  ),
  // In L1 torchattacks' FAB ends with an error.
  ...both.map((norm) =>
    compare({
      search: 'fab',
      norm,
      kind,
      parameters: { steps: 100 },
      ours: ({ steps }) => [{ attack: 'fab', options: { steps } }],
      peers: { torchattacks: null },
      golden: slow,
    }),
  ),
  ...both.map((norm) =>
    compare({
      search: 'fab-t',
      norm,
      kind,
      parameters: { steps: 100, targets: 9 },
      ours: (parameters) => [fabT(parameters)],
      peers: { torchattacks: null },
      golden: slow,
    }),
  ),
  ...both.map((norm) =>
    compare({
      search: 'square',
      norm,
      kind,
      parameters: { queries: 5000, initialShare: 0.8 },
      ours: (parameters) => [square(parameters)],
      peers: { torchattacks: null, art: null },
      golden: { images: 25, parameters: { queries: 500 }, oneRadius: true },
    }),
  ),
  ...both.map((norm) =>
    compare({
      search: 'autoattack',
      norm,
      kind,
      parameters: { steps: 100, targets: 9, queries: 5000, initialShare: 0.8 },
      ours: (parameters) => [apgdCe(parameters), apgdT(parameters), fabT(parameters), square(parameters)],
      peers: { torchattacks: null },
      golden: { images: 10, oneRadius: true, parameters: { steps: 20, queries: 500 } },
    }),
  ),
];
