import * as tf from '@tensorflow/tfjs';
import { z } from 'zod';
import type { AttackContext } from '../attack.ts';
import { pick, unset } from './active-set.ts';
import { findings } from './findings.ts';
import { type ScoreLoss, scoreLoss, scoreLosses } from './score-loss.ts';

/** Draws of one restart: one for each query. */
const DRAWS_PER_RESTART = 2 ** 20;

/** Options that every random search has; the default number of queries is its own. */
export const searchOptions = {
  queries: (usual: number) =>
    z
      .int()
      .min(1)
      .max(1_000_000)
      .default(usual)
      .describe('Forward passes per image and restart, the starting image included.'),
  restarts: z.int().min(1).max(1000).default(1).describe('Runs from new random starts for images that still stand.'),
  loss: z
    .enum(scoreLosses)
    .default('auto')
    .describe(
      'What falls: the margin of logits or the cross-entropy; auto is the margin, with a target cross-entropy.',
    ),
};

/** Where a random search begins and what it tries: all that tells one from another. */
export interface Moves {
  /** Uniform numbers in [0, 1) that a row takes for its query of this number; 0 is the start. */
  draws(query: number): number;
  /**
   * Writes the first image of a row.
   * @param image the row's image, [size], to be written in full
   * @param row which row of the batch it is
   * @param u `draws(0)` uniform numbers
   */
  start(image: Float32Array, row: number, u: Float32Array): void;
  /**
   * Turns the best image of a row so far into the one to try next, in place.
   * @param query number of the query, from 1
   * @param u `draws(query)` uniform numbers
   */
  propose(image: Float32Array, row: number, query: number, u: Float32Array): void;
  /** Told when the row's last proposal has become its best image, for moves that remember more than the image. */
  accepted?(row: number): void;
}

/** How long and by what a random search goes. */
export interface SearchOptions {
  /** Forward passes per image and restart, the first image included. */
  readonly queries: number;
  readonly restarts: number;
  readonly loss: ScoreLoss;
}

/**
 * Random search on scores: each row tries one image per query and keeps it if its loss is lower. A row leaves at its first
 * success; the best image of one that has none is returned.
 *
 * Images live on the host, where a proposal costs what it changes; the device sees one forward pass of the rows that are left,
 * and nothing else.
 * @returns images of the whole batch; the caller disposes of them
 */
export async function randomSearch(context: AttackContext, options: SearchOptions, moves: Moves) {
  const found = await findings(context.x);
  const size = context.x.size / context.x.shape[0];
  for (let restart = 0; restart < options.restarts; restart++) {
    const search = hostSearch(found.open(), size);
    for (let query = 0; query < options.queries && search.rows.length > 0; query++) {
      const keys = pick(context.examples, search.rows);
      const count = moves.draws(query);
      const u = context.random.uniform(keys, restart * DRAWS_PER_RESTART + query, count);
      for (const [i, row] of search.rows.entries()) {
        const mine = u.subarray(i * count, (i + 1) * count);
        if (query === 0) moves.start(search.image(i), row, mine);
        else moves.propose(search.image(i), row, query, mine);
      }
      const { losses, done } = await judged(context, options.loss, search.rows, search.images());
      if (done.includes(1)) found.settle(search.images(), search.rows, done);
      for (const [i, row] of search.rows.entries()) if (search.decide(i, losses[i] as number)) moves.accepted?.(row);
      if (done.includes(1)) search.keep(unset(done));
      await context.pause();
    }
    for (const [i, row] of search.rows.entries()) found.store(row, search.image(i));
  }
  return found.toTensor();
}

/** One forward pass of images given as an array. */
async function judged(context: AttackContext, kind: ScoreLoss, rows: Int32Array, images: Float32Array) {
  const [, ...shape] = context.x.shape;
  const x = tf.tensor4d(images, [rows.length, ...shape]);
  const logits = context.model.logits(x);
  const scores = await logits.data<'float32'>();
  tf.dispose([x, logits]);
  const losses = scoreLoss(kind, scores, context.model.classes, pick(context.y, rows), pick(context.target, rows));
  return { losses, done: context.adversarial(scores, rows) };
}

/** The rows that are still searched: of each the best image, and the one that is tried, which is the best one between queries. */
function hostSearch(all: Int32Array, size: number) {
  let rows = all;
  const tried = new Float32Array(rows.length * size);
  const best = new Float32Array(rows.length * size);
  const lowest = new Float64Array(rows.length).fill(Number.POSITIVE_INFINITY);
  const part = (images: Float32Array, i: number) => images.subarray(i * size, (i + 1) * size);
  return {
    get rows() {
      return rows;
    },
    image: (i: number) => part(tried, i),
    images: () => tried.subarray(0, rows.length * size),
    /** Keeps the image that was tried if its loss is lower, else goes back to the best one. @returns whether it was kept */
    decide(i: number, loss: number): boolean {
      const better = loss < (lowest[i] as number);
      if (better) {
        lowest[i] = loss;
        part(best, i).set(part(tried, i));
      } else part(tried, i).set(part(best, i));
      return better;
    },
    /** Drops every row but those at these positions, in order. */
    keep(positions: Int32Array) {
      for (const [to, from] of positions.entries()) {
        lowest[to] = lowest[from] as number;
        for (const images of [tried, best]) images.copyWithin(to * size, from * size, (from + 1) * size);
      }
      rows = positions.map((position) => rows[position] as number);
    },
  };
}
