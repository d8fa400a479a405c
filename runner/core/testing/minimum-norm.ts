/** What a search for the nearest image of another class is to find on a linear classifier, the pixel range included. */
import * as tf from '@tensorflow/tfjs';
import type { Classifier } from '../models/classifier.ts';
import type { Norm } from '../projections.ts';
import { type LinearClassifier, randomLinear } from './classifiers.ts';
import { randomImages } from './images.ts';
import { linearClass, linearDistanceL2, linearLogits, marginWeights } from './oracles.ts';
import { lengthIn, linearSmallestChange } from './planes.ts';

/** Smallest distance at which some other class is as large; L0 by the values that gain most, each taken to its end. */
export function linearDistance(model: LinearClassifier, x: ArrayLike<number>, y: number, norm: Norm): number {
  if (norm !== 'L0') return lengthIn(linearSmallestChange(model, x, y, norm), norm);
  const z = linearLogits(model, x);
  let least = Number.POSITIVE_INFINITY;
  for (let j = 0; j < model.classes; j++) {
    if (j === y) continue;
    let gap = (z[y] as number) - (z[j] as number);
    const gains = marginWeights(model, y, j)
      .map((weight, i) => (weight > 0 ? weight * (x[i] as number) : -weight * (1 - (x[i] as number))))
      .sort()
      .reverse();
    const count = gains.findIndex((gain) => {
      gap -= gain;
      return gap < 0;
    });
    if (count >= 0) least = Math.min(least, count + 1);
  }
  return least;
}

/** Images that a random linear classifier of 64 values gets right, with their smallest distances. */
export function linearProblem(classes: number, norm: Norm, count: number, seed = 7) {
  const model = randomLinear(classes, seed, [8, 8, 1]);
  const pool = randomImages(40 * count, model.inputShape, seed, 0.45);
  const all = [...pool.examples].map((i) => pool.x.slice(i * pool.size, (i + 1) * pool.size));
  // A clear distance, of which a first step is not a multiple.
  const images = all.filter((image) => linearDistanceL2(model, image, linearClass(model, image)) > 0.3).slice(0, count);
  const y = Int32Array.from(images, (image) => linearClass(model, image));
  return {
    model,
    images,
    size: pool.size,
    x: Float32Array.from(images.flatMap((image) => [...image])),
    y,
    examples: Int32Array.from(images.keys()),
    least: images.map((image, i) => linearDistance(model, image, y[i] as number, norm)),
  };
}

/** The same classifier, that keeps a copy of every batch it is asked about. */
export function recorded(of: Classifier): { classifier: Classifier; seen: Float32Array[] } {
  const seen: Float32Array[] = [];
  const logits = (x: tf.Tensor4D) => {
    seen.push(x.dataSync<'float32'>().slice());
    return tf.tidy(() => of.logits(x));
  };
  return { classifier: { ...of, logits }, seen };
}
