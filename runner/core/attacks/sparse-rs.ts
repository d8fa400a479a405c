import { z } from 'zod';
import type { Attack, AttackContext } from './attack.ts';
import { type Moves, randomSearch, searchOptions } from './shared/random-search.ts';

const optionsSchema = z.strictObject({
  queries: searchOptions.queries(10_000),
  initialShare: z
    .number()
    .positive()
    .max(1)
    .default(0.3)
    .describe(
      'Share of the changed places that a move exchanges (α), before the schedule lowers it; the paper has 0.1 with a target.',
    ),
  unit: z
    .enum(['value', 'pixel'])
    .default('value')
    .describe('What a place is: one input value, or a pixel with all its channels, which counts as so many values.'),
  restarts: searchOptions.restarts,
  rescaleSchedule: z
    .boolean()
    .default(true)
    .describe(
      'Lower the share at the same shares of `queries` rather than at the queries that the paper has for 10,000.',
    ),
  loss: searchOptions.loss,
});

type Options = z.infer<typeof optionsSchema>;

/** What the share is divided by from the first query on, and after so many of the 10,000 that the schedule is made for. */
const DIVISORS = [
  [50, 4],
  [200, 5],
  [500, 6],
  [1000, 8],
  [2000, 10],
  [4000, 12],
  [6000, 15],
  [8000, 20],
] as const;
const FIRST_DIVISOR = 2;
const SCHEDULED = 10_000;

/**
 * Sparse-RS in L0, with or without a target: random search over which places of an image to change, and to what.
 *
 * As many places as ε allows are black or white at random, channel by channel. Each query gives some of them their old values
 * back and changes as many others instead, fewer and fewer on a schedule; what lowers the loss is kept. An image leaves
 * the batch at its first success.
 *
 * Source: Croce et al., "Sparse-RS: a versatile framework for query-efficient sparse black-box adversarial attacks", AAAI 2022,
 * https://arxiv.org/abs/2006.12834, algorithms 1 and 2, with the schedule of its authors' published code. Defaults: its untargeted
 * L0 attack, 10,000 queries and α = 0.3.
 * Departs from it in three ways: places are single input values by default, which is what L0 counts here, where the paper has
 * pixels; a single value that is black becomes white and the other way round, rather than either at random; and each
 * image exchanges places of its own, where the code takes the same ranks for a whole batch.
 */
export const sparseRs: Attack<typeof optionsSchema> = {
  id: 'sparse-rs',
  name: 'Sparse-RS',
  norms: ['L0'],
  kind: 'fixed-epsilon',
  access: 'scores',
  targeted: 'optional',
  paper: 'https://arxiv.org/abs/2006.12834',
  optionsSchema,

  async perturb(context, options) {
    const { x, epsilon } = context;
    const [, height, width, channels] = x.shape;
    const perPlace = options.unit === 'pixel' ? channels : 1;
    const places = (height * width * channels) / perPlace;
    const changed = Math.min(places, Math.floor(epsilon / perPlace));
    if (changed === 0) return x.clone();
    const clean = (await x.data<'float32'>()).slice();
    return randomSearch(context, options, exchanges(context, clean, { places, changed, perPlace }, options));
  },
};

/** How an image is divided: into places of so many values each, of which some are changed at a time. */
interface Division {
  readonly places: number;
  readonly changed: number;
  readonly perPlace: number;
}

/** The moves: which places are changed is kept for each row as an order of all places, the changed ones first. */
function exchanges({ x }: AttackContext, clean: Float32Array, division: Division, options: Options): Moves {
  const { places, changed, perPlace } = division;
  const size = places * perPlace;
  const orders = Array.from({ length: x.shape[0] }, () => Int32Array.from({ length: places }, (_, place) => place));
  const orderOf = (row: number) => orders[row] as Int32Array;
  const unchanged = places - changed;
  const exchanged = new Int32Array(x.shape[0]);

  /** How many places the query exchanges. Where every place is changed, they get new values instead. */
  function countAt(query: number): number {
    const at = options.rescaleSchedule ? Math.floor((query / options.queries) * SCHEDULED) : query;
    const divisor = DIVISORS.findLast(([after]) => at > after)?.[1] ?? (at > 0 ? FIRST_DIVISOR : 1);
    const count = Math.max(1, Math.floor((options.initialShare / divisor) * changed));
    return unchanged === 0 ? count : Math.min(count, unchanged);
  }

  function paint(image: Float32Array, row: number, place: number, u: Float32Array, from: number) {
    for (let i = 0; i < perPlace; i++) {
      const at = place * perPlace + i;
      const old = clean[row * size + at];
      // By itself a value that keeps its black or white would be a place spent on nothing.
      const opposite = perPlace === 1 && (old === 0 || old === 1);
      image[at] = opposite ? 1 - old : (u[from + i] as number) < 0.5 ? 0 : 1;
    }
  }

  return {
    draws: (query) => (query === 0 ? changed : countAt(query)) * (perPlace + (query === 0 ? 1 : 2)),
    start(image, row, u) {
      const order = orderOf(row);
      exchanged[row] = 0;
      image.set(clean.subarray(row * size, (row + 1) * size));
      bringForward(order, 0, places, u.subarray(0, changed));
      for (let i = 0; i < changed; i++) paint(image, row, order[i] as number, u, changed + i * perPlace);
    },
    propose(image, row, query, u) {
      const order = orderOf(row);
      const count = countAt(query);
      exchanged[row] = count;
      bringForward(order, 0, changed, u.subarray(0, count));
      bringForward(order, changed, unchanged, u.subarray(count, 2 * count));
      for (let i = 0; i < count; i++) {
        const from = (order[i] as number) * perPlace;
        for (let k = from; k < from + perPlace; k++) image[k] = clean[row * size + k] as number;
        paint(image, row, (unchanged === 0 ? order[i] : order[changed + i]) as number, u, 2 * count + i * perPlace);
      }
    },
    accepted(row) {
      const order = orderOf(row);
      if (unchanged > 0) for (let i = 0; i < (exchanged[row] as number); i++) swap(order, i, changed + i);
    },
  };
}

/** Moves so many random members of a part of the order to its front: the start of a Fisher–Yates shuffle. */
function bringForward(order: Int32Array, start: number, length: number, u: Float32Array) {
  for (let i = 0; i < Math.min(u.length, length); i++) {
    swap(order, start + i, start + i + Math.floor((u[i] as number) * (length - i)));
  }
}

function swap(order: Int32Array, i: number, j: number) {
  const held = order[i] as number;
  order[i] = order[j] as number;
  order[j] = held;
}
