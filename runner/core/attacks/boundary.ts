import { z } from 'zod';
import type { Attack } from './attack.ts';
import { adversarialStart } from './shared/adversarial-start.ts';
import { towardsBoundary } from './shared/boundary-search.ts';
import { type Asking, type Searched, searchByLabels } from './shared/label-search.ts';
import { distanceFrom, inRange } from './shared/towards.ts';

const optionsSchema = z.strictObject({
  queries: z
    .int()
    .min(2)
    .max(1_000_000)
    .default(25_000)
    .describe('Images that the model may be asked about, per example; each costs one forward pass.'),
  sphericalStep: z
    .number()
    .positive()
    .max(1)
    .default(0.01)
    .describe('First length of the random step at equal distance from x, as a share of that distance.'),
  sourceStep: z
    .number()
    .positive()
    .max(1)
    .default(0.01)
    .describe('First length of the step towards x, as a share of the distance from it.'),
  stepAdaptation: z
    .number()
    .gt(1)
    .max(10)
    .default(1.5)
    .describe('Factor by which steps grow where they succeed too often, and shrink where they seldom do.'),
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
/** Of how many steps one also asks about the image before its step towards x. */
const SPHERE_EVERY = 5;
/** Outcomes after which a step length is reconsidered. */
const WINDOW = 10;
/** Below this share of the distance, steps towards x are no progress. */
const CONVERGED = 1e-7;

/**
 * The boundary attack, L2: a random walk along the boundary towards x, by labels alone.
 *
 * From an adversarial image, again and again: a random step to the side, at equal distance from x, then one towards x; where
 * the image that comes out is adversarial, the walk goes on from it. Both lengths are relative to the distance and adapt: that
 * of the step to the side so that between a fifth and a half of such steps stay adversarial (every fifth is asked about by
 * itself), that of the step towards x so that a tenth to a quarter of the whole steps do; a boundary that is flat from nearby
 * lets the first be long, and where the walk is nearly at its nearest both shrink.
 *
 * Source: Brendel, Rauber & Bethge, "Decision-Based Adversarial Attacks: Reliable Attacks Against Black-Box Machine Learning
 * Models", ICLR 2018, https://arxiv.org/abs/1712.04248, §2; first lengths, rates and factor are those of the authors' published
 * code.
 * Departs from it in three ways: lengths are reconsidered after 10 outcomes, not 100 and 30, and every fifth step to the side is
 * asked about, not every tenth, as else a budget of some thousand queries is over before they have adapted; it stops by queries;
 * half of the noise to start from is coarse after the first image. Directions have 256 levels a value. It has no targeted form
 * here: that starts from an image of the target class, and an attack is given none.
 */
export const boundary: Attack<typeof optionsSchema> = {
  id: 'boundary',
  name: 'Boundary attack',
  norms: ['L2'],
  kind: 'minimum-norm',
  access: 'labels',
  targeted: 'never',
  paper: 'https://arxiv.org/abs/1712.04248',
  optionsSchema,

  perturb(context, options) {
    const budget = { queries: options.queries, minimal: true };
    return searchByLabels(context, budget, (searched) => walk(searched, options));
  },
};

function* walk(searched: Searched, { startTrials, sphericalStep, sourceStep, stepAdaptation }: Options): Asking<void> {
  const { x, draws } = searched;
  const start = yield* adversarialStart(searched, startTrials);
  if (start === null) return;
  let point = yield* towardsBoundary(x, start, 'L2', START_TOLERANCE);
  let [spherical, source] = [sphericalStep, sourceStep];
  const onSphere = shareOf(WINDOW);
  const steps = shareOf(WINDOW);
  for (let step = 0; source > CONVERGED; step++) {
    const aside = sideways(x, point, draws.normal(1), spherical);
    const closer = scaledTo(x, aside, (1 - source) * distanceFrom(x, point, 'L2'));
    const probing = step % SPHERE_EVERY === 0;
    const answer = yield probing ? together(closer, aside) : closer;
    if (answer[0] === 1) point = closer;
    const share = steps.add(answer[0] as number);
    if (share > 0.25) source = Math.min(1, source * stepAdaptation);
    else if (share < 0.1) source /= stepAdaptation;
    if (!probing) continue;
    const balance = onSphere.add(answer[1] as number);
    if (balance > 0.5) {
      spherical *= stepAdaptation;
      source = Math.min(1, source * stepAdaptation);
    } else if (balance < 0.2) {
      spherical /= stepAdaptation;
      source /= stepAdaptation;
    }
  }
}

function together(...images: Float32Array[]): Float32Array {
  const size = (images[0] as Float32Array).length;
  const all = new Float32Array(images.length * size);
  for (const [i, image] of images.entries()) all.set(image, i * size);
  return all;
}

/** Collects outcomes, and gives the share of successes whenever it has so many; NaN otherwise. */
function shareOf(count: number) {
  let [seen, successes] = [0, 0];
  return {
    add(success: number): number {
      seen++;
      successes += success;
      if (seen < count) return Number.NaN;
      const share = successes / seen;
      [seen, successes] = [0, 0];
      return share;
    },
  };
}

/** The point moved at a right angle to the way to x, and back to its distance from x; within the pixel range. */
function sideways(x: Float32Array, point: Float32Array, noise: Float32Array, step: number): Float32Array {
  let [along, square] = [0, 0];
  for (let i = 0; i < x.length; i++) {
    const way = (point[i] as number) - (x[i] as number);
    along += way * (noise[i] as number);
    square += way * way;
  }
  let length = 0;
  for (let i = 0; i < x.length; i++) {
    const way = (point[i] as number) - (x[i] as number);
    noise[i] = (noise[i] as number) - (along / square) * way;
    length += (noise[i] as number) ** 2;
  }
  const scale = (step * Math.sqrt(square)) / Math.sqrt(length);
  const back = 1 / Math.sqrt(1 + step * step);
  return point.map((value, i) => {
    const origin = x[i] as number;
    return inRange(origin + back * (value - origin + scale * (noise[i] as number)));
  });
}

/** The image moved along its line from x to be at a distance; within the pixel range. */
function scaledTo(x: Float32Array, image: Float32Array, distance: number): Float32Array {
  const scale = distance / distanceFrom(x, image, 'L2');
  return image.map((value, i) => {
    const origin = x[i] as number;
    return inRange(origin + scale * (value - origin));
  });
}
