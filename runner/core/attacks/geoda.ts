import { z } from 'zod';
import type { Attack } from './attack.ts';
import { adversarialStart } from './shared/adversarial-start.ts';
import { boundaryNormal } from './shared/boundary-normal.ts';
import { halving, towardsBoundary } from './shared/boundary-search.ts';
import { type Asking, type Searched, searchByLabels } from './shared/label-search.ts';
import { lowFrequencies } from './shared/low-frequencies.ts';
import { distanceFrom, inRange, labelNorms } from './shared/towards.ts';

const optionsSchema = z.strictObject({
  queries: z
    .int()
    .min(2)
    .max(1_000_000)
    .default(4000)
    .describe('Images that the model may be asked about, per example; each costs one forward pass.'),
  frequencies: z
    .number()
    .positive()
    .max(1)
    .default(0.6)
    .describe('Share of the frequencies of each side, the lowest, among which the normal is estimated; 1 for all.'),
  startTrials: z
    .int()
    .min(1)
    .max(1_000_000)
    .default(10_000)
    .describe('Noise images tried as a start; without one that is adversarial the attack gives up.'),
});

type Options = z.infer<typeof optionsSchema>;

/** Share of the distance to the start within which the boundary is first looked for. */
const START_TOLERANCE = 1e-3;
/** Distance of the first probes; later ones go by the distance from x. */
const FIRST_RADIUS = 0.1;
/** By which factor an estimate is finer than the one before: 0.6^(−2/3). */
const GROWTH = 0.6 ** (-2 / 3);
/** Most probes of the first estimate. */
const FIRST_PROBES = 80;
/** Queries set aside for each way to the boundary. */
const WAY = 25;
/** How often a distance is doubled, at most, to reach the boundary. */
const DOUBLINGS = 8;

/**
 * GeoDA, L2 and L∞: goes from x along the normal of the boundary, which it estimates from labels alone.
 *
 * Near x the boundary is nearly flat, so the shortest way out is along its normal. That is estimated at a point of the boundary
 * from the labels of random neighbours of low frequencies; a search along it from x (in L∞ along its signs) gives the next
 * point, nearer, where the estimate is refined. Of the queries each iteration gets 0.6^(−2/3) = 1.41 times as many as the
 * one before, and the estimates add up.
 *
 * Source: Rahmati et al., "GeoDA: a geometric framework for black-box adversarial attacks", CVPR 2020,
 * https://arxiv.org/abs/2003.06468, §3 and algorithm 1; shares of the queries, the sum of estimates and 4,000 queries are those
 * of the authors' published code.
 * Departs from it in five ways: it keeps 60 % of the frequencies a side, not 75 of 224, as small images need more (on the
 * undefended MNIST net with 2,000 queries, medians of ten images: a third 1.94, 60 % 1.50, all 1.86); neighbours lie at the
 * distance from x over the number of values, as in HopSkipJump, not at a fixed one; estimates weigh by their probes; the way
 * to the boundary is halved from the present distance, not walked in fixed steps; half of the noise to start from is coarse
 * after the first image. It has no targeted form here: that starts from an image of the target class, and an attack is given
 * none.
 */
export const geoda: Attack<typeof optionsSchema> = {
  id: 'geoda',
  name: 'GeoDA',
  norms: labelNorms,
  kind: 'minimum-norm',
  access: 'labels',
  targeted: 'never',
  paper: 'https://arxiv.org/abs/2003.06468',
  optionsSchema,

  perturb(context, options) {
    const budget = { queries: options.queries, minimal: true };
    return searchByLabels(context, budget, (searched) => descend(searched, options));
  },
};

function* descend(searched: Searched, { startTrials, frequencies }: Options): Asking<void> {
  const { x, norm, shape, draws, left } = searched;
  const start = yield* adversarialStart(searched, startTrials);
  if (start === null) return;
  const tolerance = x.length ** -1.5;
  let point = yield* towardsBoundary(x, start, 'L2', Math.min(tolerance, START_TOLERANCE));
  const smooth = lowFrequencies(shape, frequencies);
  const normal = new Float64Array(x.length);
  let radius = FIRST_RADIUS;
  for (const probes of schedule(left())) {
    const estimate = yield* boundaryNormal(point, probes, radius, (count) => smooth(draws.normal(count)));
    for (let i = 0; i < normal.length; i++) normal[i] = (normal[i] as number) + (estimate[i] as number) / radius;
    const direction = norm === 'L2' ? unit(normal) : normal.map(Math.sign);
    point = (yield* alongRay(x, direction, distanceFrom(x, point, norm), tolerance)) ?? point;
    radius = distanceFrom(x, point, 'L2') / x.length;
  }
}

/**
 * Probes of each estimate, in growing parts: as few estimates as keep the first within `FIRST_PROBES`.
 * @param queries for all of them, the ways to the boundary included
 */
export function schedule(queries: number): number[] {
  for (let iterations = 1; ; iterations++) {
    const probes = queries - iterations * WAY;
    const first = (probes * (GROWTH - 1)) / (GROWTH ** iterations - 1);
    if (first > FIRST_PROBES) continue;
    return Array.from({ length: iterations }, (_, i) => Math.max(1, Math.round(first * GROWTH ** i)));
  }
}

/**
 * The boundary along a ray from x, within the pixel range.
 * @param direction to go in, [size]
 * @param length where to begin, in lengths of `direction`: doubled until the image there is adversarial, then halved
 * @param tolerance share of the distance within which the boundary is to be found
 * @returns an adversarial image; null when there is none on the ray
 */
function* alongRay(
  x: Float32Array,
  direction: Float64Array,
  length: number,
  tolerance: number,
): Asking<Float32Array | null> {
  const at = (distance: number) => x.map((value, i) => inRange(value + distance * (direction[i] as number)));
  let [low, high] = [0, length];
  let best: Float32Array | null = null;
  for (let doubling = 0; best === null; doubling++) {
    if (doubling > DOUBLINGS) return null;
    const image = at(high);
    const [adversarial] = yield image;
    if (adversarial === 1) best = image;
    else {
      low = high;
      high *= 2;
    }
  }
  return yield* halving(at, low, high, best, tolerance * high);
}

function unit(vector: Float64Array): Float64Array {
  const length = Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0));
  return length > 0 ? vector.map((value) => value / length) : vector;
}
