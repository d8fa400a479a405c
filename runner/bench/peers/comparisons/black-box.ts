/** Searches that see scores or labels alone, or nothing. */
import { type Comparison, compare } from '../comparison.ts';

export const blackBox: readonly Comparison[] = [
  ...(['L2', 'Linf'] as const).map((norm) =>
    compare({
      search: 'hop-skip-jump',
      norm,
      kind: 'minimum-norm',
      // 20 steps of 100·√t probes are 6,200 queries, and what finds the boundary 400 more: peers count steps, ours queries.
      parameters: { steps: 20, queries: 6600, initialProbes: 100, maxProbes: 10_000 },
      ours: ({ queries, initialProbes, maxProbes }) => [
        { attack: 'hop-skip-jump', options: { queries, initialProbes, maxProbes } },
      ],
      peers: { foolbox: null, art: null },
      golden: { images: 20, parameters: { steps: 5, queries: 950 } },
    }),
  ),
  compare({
    search: 'boundary',
    norm: 'L2',
    kind: 'minimum-norm',
    parameters: { queries: 5000 },
    ours: ({ queries }) => [{ attack: 'boundary', options: { queries } }],
    peers: { foolbox: null },
    golden: { images: 10, parameters: { queries: 1500 } },
  }),
  compare({
    search: 'geoda',
    norm: 'L2',
    kind: 'minimum-norm',
    parameters: { queries: 4000 },
    ours: ({ queries }) => [{ attack: 'geoda', options: { queries } }],
    peers: { art: null },
    golden: { images: 10, parameters: { queries: 1000 } },
  }),
  compare({
    search: 'blended-noise',
    norm: 'L2',
    kind: 'minimum-norm',
    parameters: { directions: 1000, steps: 1000 },
    ours: ({ directions, steps }) => [{ attack: 'blended-noise', options: { directions, steps } }],
    peers: { foolbox: null },
    golden: { images: 20, parameters: { directions: 100, steps: 100 } },
  }),
  compare({
    search: 'contrast',
    norm: 'L2',
    kind: 'minimum-norm',
    parameters: { steps: 1000 },
    ours: ({ steps }) => [{ attack: 'contrast', options: { steps } }],
    peers: { foolbox: null },
    golden: { images: 50, parameters: { steps: 100 } },
  }),
  compare({
    search: 'spsa',
    norm: 'Linf',
    kind: 'fixed-epsilon',
    parameters: { steps: 100, samples: 128, radius: 0.01, learningRate: 0.01 },
    ours: (parameters) => [{ attack: 'spsa', options: parameters }],
    peers: { torchattacks: null },
    golden: { images: 10, parameters: { steps: 20, samples: 64, learningRate: 0.05 }, oneRadius: true },
  }),
  ...(['Linf', 'L2'] as const).map((norm) =>
    compare({
      search: 'noise',
      norm,
      kind: 'fixed-epsilon',
      parameters: { draws: 1000 },
      ours: ({ draws }) => [{ attack: 'noise', options: { draws } }],
      peers: { foolbox: null },
      golden: { images: 20, parameters: { draws: 200 }, oneRadius: true },
    }),
  ),
  compare({
    search: 'one-pixel',
    norm: 'L0',
    kind: 'unbounded',
    parameters: { pixels: 1, population: 400, generations: 100 },
    ours: (parameters) => [{ attack: 'one-pixel', options: parameters }],
    peers: { torchattacks: null },
    golden: { images: 10, parameters: { pixels: 5, population: 60, generations: 10 } },
  }),
  compare({
    search: 'spatial',
    norm: 'Linf',
    kind: 'unbounded',
    parameters: { rotations: 31, maxRotation: 30, shifts: 5, maxShift: 3 },
    ours: (parameters) => [{ attack: 'spatial', options: parameters }],
    peers: { foolbox: null, art: 'one motion for all images' },
    golden: { images: 20, parameters: { rotations: 7, shifts: 3 } },
  }),
];
