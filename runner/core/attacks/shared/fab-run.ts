import { z } from 'zod';
import type { PerExampleLoss } from '../../gradients.ts';
import type { AttackContext } from '../attack.ts';
import { pick } from './active-set.ts';
import { nearestBoundaries } from './boundaries.ts';
import { distanceIn, fabStepper } from './fab-step.ts';
import { finalSearch } from './final-search.ts';
import { imagesOf, scoresOf } from './host-images.ts';
import type { ConvexNorm } from './row-norms.ts';

/** Options of FAB and FAB-T. */
export const fabOptions = {
  steps: z.int().min(1).max(10_000).default(100).describe('Steps of a run; each linearises the classifier anew.'),
  restarts: z.int().min(1).max(1000).default(1).describe('Runs; the first from x, the others from random points.'),
  alphaMax: z.number().min(0).max(1).default(0.1).describe('Largest share by which a step is drawn towards x.'),
  overshoot: z.number().min(1).max(10).default(1.05).describe('Factor by which a step goes beyond the plane (η).'),
  backward: z
    .number()
    .min(0)
    .max(1)
    .default(0.9)
    .describe('Share of its way from x to which a success is taken back (β).'),
  finalSearchSteps: z
    .int()
    .min(0)
    .max(100)
    .default(3)
    .describe('Steps of the search between x and the nearest success.'),
  stopInBall: z
    .boolean()
    .default(true)
    .describe('With a finite ε: an image leaves at its first success within the ball, and is not brought nearer.'),
} as const;

const schema = z.strictObject(fabOptions);
export type FabOptions = z.infer<typeof schema>;

/** Radius of the random points where no ball and no success sets one; of the reference implementation. */
const radii: Record<ConvexNorm, number> = { Linf: 0.3, L2: 1, L1: 5 };
/** Draws of one run: a point per step for rows without a gradient, and at the end the start. */
const DRAWS_PER_RUN = 2 ** 16;
const START = DRAWS_PER_RUN - 1;

/** What the runs add to. */
export interface FabSearch {
  /** Clean images, [batch × size]. */
  readonly clean: Float32Array;
  /** Of each row its nearest success so far, the clean image before the first, [batch × size]. */
  readonly best: Float32Array;
  /** How far from the clean image that is, [batch]; Infinity before the first. */
  readonly nearest: Float64Array;
}

/**
 * One run of FAB on every row that has not left: `steps` times a step onto the nearest boundary as it looks from there, from a
 * success back towards x; then the final search. A row whose gradient is zero throughout goes on from a random point, so that a
 * masked gradient does not hold it in place.
 * @param run number of the run, for its draws
 * @param random whether to start from random points rather than from x
 * @param crossingsOf the boundaries to look at, for some rows
 */
export async function fabRun(
  context: AttackContext,
  options: FabOptions,
  search: FabSearch,
  { run, random }: { readonly run: number; readonly random: boolean },
  crossingsOf: (rows: Int32Array) => readonly PerExampleLoss[],
): Promise<void> {
  const { model, adversarial } = context;
  const norm = context.norm as ConvexNorm;
  const { clean, best, nearest } = search;
  const size = clean.length / nearest.length;
  const stepped = fabStepper(size, norm, options);
  const images = clean.slice();
  const at = (all: Float32Array, row: number) => all.subarray(row * size, (row + 1) * size);
  const scatter = (row: number, draw: number) =>
    randomPoint(context, row, run * DRAWS_PER_RUN + draw, nearest[row] as number, at(clean, row), at(images, row));
  let rows = standing(context, options, search);
  const improved = new Uint8Array(nearest.length);

  /** Takes in images of the active rows. @returns 1 for each that is a success */
  function offer(scores: Float32Array, tried: Float32Array): Uint8Array {
    const done = adversarial(scores, rows);
    for (const [i, row] of rows.entries()) {
      if (done[i] === 0) continue;
      const image = at(tried, i);
      const distance = distanceIn(norm, at(clean, row), image);
      if (!(distance < (nearest[row] as number))) continue;
      nearest[row] = distance;
      improved[row] = 1;
      best.set(image, row * size);
    }
    return done;
  }

  if (random) for (const row of rows) scatter(row, START);
  for (let step = 0; step < options.steps && rows.length > 0; step++) {
    const seen = imagesOf(images, rows, size);
    const { scores, values, normals } = await nearestBoundaries(model, seen, crossingsOf(rows), norm);
    const done = offer(scores, seen);
    for (const [i, row] of rows.entries()) {
      const moved = stepped(at(clean, row), at(images, row), at(normals, i), values[i] as number, done[i] === 1);
      if (!moved) scatter(row, step);
    }
    rows = standing(context, options, search, rows);
    await context.pause();
  }
  if (rows.length === 0) return;
  const last = imagesOf(images, rows, size);
  offer(await scoresOf(model, last), last);
  rows = standing(context, options, search, rows).filter((row) => improved[row] === 1);
  if (rows.length === 0 || options.finalSearchSteps === 0) return;
  const closer = await finalSearch(
    context,
    imagesOf(clean, rows, size),
    imagesOf(best, rows, size),
    rows,
    options.finalSearchSteps,
  );
  offer(await scoresOf(model, closer), closer);
}

/** @returns what a search begins with */
export function fabSearch(clean: Float32Array, rows: number): FabSearch {
  return { clean, best: clean.slice(), nearest: new Float64Array(rows).fill(Number.POSITIVE_INFINITY) };
}

/** Rows whose nearest success does not let them go. */
function standing(
  { epsilon }: AttackContext,
  { stopInBall }: FabOptions,
  { nearest }: FabSearch,
  among: Int32Array = Int32Array.from(nearest.keys()),
): Int32Array {
  if (!stopInBall || epsilon === Number.POSITIVE_INFINITY) return among;
  return among.filter((row) => (nearest[row] as number) > epsilon);
}

/** Puts an image at a random point, half as far from x as the ball or the nearest success. */
function randomPoint(
  { random, examples, norm, epsilon }: AttackContext,
  row: number,
  draw: number,
  nearest: number,
  x: Float32Array,
  image: Float32Array,
) {
  const ball = norm as ConvexNorm;
  const keys = pick(examples, Int32Array.of(row));
  const direction =
    ball === 'Linf' ? random.uniform(keys, draw, x.length).map((u) => 2 * u - 1) : random.normal(keys, draw, x.length);
  const length = distanceIn(ball, new Float32Array(x.length), direction);
  const radius = 0.5 * Math.min(epsilon < Number.POSITIVE_INFINITY ? epsilon : radii[ball], nearest);
  for (let i = 0; i < x.length; i++) {
    image[i] = Math.min(1, Math.max(0, (x[i] as number) + (radius / length) * (direction[i] as number)));
  }
}
