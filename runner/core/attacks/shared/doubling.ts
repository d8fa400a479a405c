/** What C&W's attacks in L∞ and L0 have in common: one problem after the other, each with a constant that grows until it does. */
import * as tf from '@tensorflow/tfjs';
import { perRow } from '../../tensors.ts';
import { adamRate, adamStep, type Moments } from './adam.ts';

/** Where an image's search is. */
export interface Search {
  constant: number;
  /** Steps of Adam since it began anew. */
  t: number;
  /** Steps with this constant. */
  iteration: number;
  /** Loss at the last look. */
  before: number;
}

export interface DoublingOptions {
  readonly maxIterations: number;
  readonly constantFactor: number;
  readonly abortEarly: boolean;
}

export function beginSearch(constant: number): Search {
  return { constant, t: 0, iteration: 0, before: Number.POSITIVE_INFINITY };
}

/** A problem is solved: the next begins with the same constant, and Adam with no memory. */
export function nextProblem(search: Search): void {
  Object.assign(search, beginSearch(search.constant));
}

/** A step did not solve the problem: the constant grows when it has had its iterations, or a tenth of them without getting on. */
export function notSolved(search: Search, loss: number, options: DoublingOptions): void {
  const { maxIterations, constantFactor, abortEarly } = options;
  let spent = ++search.iteration >= maxIterations;
  if (abortEarly && (search.iteration - 1) % Math.max(1, Math.floor(maxIterations / 10)) === 0) {
    if (!(loss <= 0.9999 * search.before)) spent = true;
    search.before = loss;
  }
  if (!spent) return;
  search.constant *= constantFactor;
  search.iteration = 0;
  search.before = Number.POSITIVE_INFINITY;
}

/** One step of Adam for each row's search; one that has begun anew forgets what was before. */
export function searchStep(
  w: tf.Tensor4D,
  gradient: tf.Tensor4D,
  { mean, square }: Moments,
  searches: readonly Search[],
  learningRate: number,
): Moments & { w: tf.Tensor4D } {
  return tf.tidy(() => {
    const kept = perRow(searches.map(({ t }) => (t === 0 ? 0 : 1)));
    const rates = perRow(searches.map((search) => adamRate(learningRate, ++search.t)));
    const moments: Moments = { mean: tf.mul(mean, kept), square: tf.mul(square, kept) };
    const { values, ...next } = adamStep(w, gradient, moments, rates);
    return { w: values, ...next };
  });
}
