import { z } from 'zod';
import type { Attack } from './attack.ts';
import { adversarialStart } from './shared/adversarial-start.ts';
import { boundaryNormal } from './shared/boundary-normal.ts';
import { towardsBoundary } from './shared/boundary-search.ts';
import { type Asking, type Searched, searchByLabels } from './shared/label-search.ts';
import { distanceFrom, inRange, labelNorms } from './shared/towards.ts';

const optionsSchema = z.strictObject({
  queries: z
    .int()
    .min(2)
    .max(1_000_000)
    .default(25_000)
    .describe('Images that the model may be asked about, per example; each costs one forward pass.'),
  initialProbes: z
    .int()
    .min(1)
    .max(10_000)
    .default(100)
    .describe('Neighbours by which the first gradient direction is estimated; later ones take √t times as many.'),
  maxProbes: z.int().min(1).max(100_000).default(10_000).describe('Most neighbours for one gradient direction.'),
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
/** How often a jump is halved at most. */
const HALVINGS = 40;

/**
 * HopSkipJumpAttack, L2 and L∞: walks along the boundary towards x by labels alone.
 *
 * From an adversarial image on the boundary, again and again: (1) the normal of the boundary is estimated from the labels of
 * random neighbours, B₀ √t of them in iteration t, whose distance is that from x over the number of values d; (2) it jumps along
 * the normal (in L∞ along its signs) by the distance from x over √t, halved until the image is adversarial; (3) a binary search
 * leads back to the boundary, towards x, up to d^(−3/2) of the distance in L2 and d^(−2) in L∞.
 *
 * Source: Chen, Jordan & Wainwright, "HopSkipJumpAttack: A Query-Efficient Decision-Based Attack", S&P 2020,
 * https://arxiv.org/abs/1904.02144, algorithms 1 and 2, §IV; B₀, the limits and the first radius are those of the authors'
 * published code.
 * Departs from it in four ways: it stops by queries, the last of which make up a smaller estimate, and not by iterations; the
 * nearest adversarial image of all that were asked about is returned, not the last; half of the noise to start from is coarse
 * after the first image; directions have 256 levels a value. It has no targeted form here: that starts from an image of the
 * target class, and an attack is given none.
 */
export const hopSkipJump: Attack<typeof optionsSchema> = {
  id: 'hop-skip-jump',
  name: 'HopSkipJump',
  norms: labelNorms,
  kind: 'minimum-norm',
  access: 'labels',
  targeted: 'never',
  paper: 'https://arxiv.org/abs/1904.02144',
  optionsSchema,

  perturb(context, options) {
    const budget = { queries: options.queries, minimal: true };
    return searchByLabels(context, budget, (searched) => hop(searched, options));
  },
};

function* hop(searched: Searched, { startTrials, initialProbes, maxProbes }: Options): Asking<void> {
  const { x, norm, draws, left } = searched;
  const start = yield* adversarialStart(searched, startTrials);
  if (start === null) return;
  const tolerance = x.length ** (norm === 'L2' ? -1.5 : -2);
  const blend = yield* towardsBoundary(x, start, 'L2', START_TOLERANCE);
  let point = yield* towardsBoundary(x, blend, norm, tolerance);
  let radius = FIRST_RADIUS;
  // What a jump and the way back take, more or less.
  const way = Math.ceil(-Math.log2(tolerance)) + 4;
  for (let t = 1; left() > way; t++) {
    const probes = Math.min(Math.floor(initialProbes * Math.sqrt(t)), maxProbes, left() - way);
    const normal = yield* boundaryNormal(point, probes, radius, norm === 'L2' ? draws.normal : draws.uniform);
    const step = distanceFrom(x, point, norm) / Math.sqrt(t);
    const landed = yield* jump(point, norm === 'L2' ? unit(normal) : normal.map(Math.sign), step);
    radius = distanceFrom(x, landed, norm) / x.length;
    point = yield* towardsBoundary(x, landed, norm, tolerance);
  }
}

/** The first adversarial image at `length`, half of it, a quarter and so on; the point itself when there is none. */
function* jump(point: Float32Array, direction: Float64Array, length: number): Asking<Float32Array> {
  for (let halving = 0, step = length; halving < HALVINGS; halving++, step /= 2) {
    const image = point.map((value, i) => inRange(value + step * (direction[i] as number)));
    const [adversarial] = yield image;
    if (adversarial === 1) return image;
  }
  return point;
}

function unit(vector: Float64Array): Float64Array {
  const length = Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0));
  return length > 0 ? vector.map((value) => value / length) : vector;
}
