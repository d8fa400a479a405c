/**
 * The detector of feature squeezing: a net says much the same of a clean image and of a squeezed one, and not of an adversarial one.
 *
 * Source: Xu et al., "Feature Squeezing: Detecting Adversarial Examples in Deep Neural Networks", NDSS 2018,
 * https://arxiv.org/abs/1704.01155, §V; its squeezers for MNIST.
 */
import * as tf from '@tensorflow/tfjs';
import { defended, type NamedDefense } from '../../defenses/index.ts';
import { imageSize, probabilities } from '../../fooling/fooling.ts';
import type { Classifier } from '../../models/classifier.ts';
import type { Outcomes } from '../experiment.ts';
import { values } from '../outcomes-file.ts';

const BATCH = 500;

/** Class of an image of which the scores are tied or not finite. */
const NONE = 255;

/** The net on images as they are, at 1 bit, and smoothed by a median of 2 × 2; all are the net's to dispose of. */
export function views(net: Classifier): readonly [Classifier, Classifier, Classifier] {
  const by = (id: string, options: NamedDefense['options']) => defended([net], [{ id, options }]);
  return [net, by('bit-depth', { bits: 1 }), by('median', { size: 2 })];
}

export interface Detected {
  /** Class of the largest probability, [n]. */
  readonly predicted: Uint8Array;
  /** Largest L1 distance between the probabilities of an image and of a squeezed one, [n], from 0 to 2. */
  readonly score: Float32Array;
}

/** Of the probabilities of an image and of its squeezed versions. */
export function scoreOf(own: ArrayLike<number>, squeezed: readonly ArrayLike<number>[]): number {
  const distances = squeezed.map((other) => {
    let sum = 0;
    for (let c = 0; c < own.length; c++) sum += Math.abs((own[c] as number) - (other[c] as number));
    return sum;
  });
  return Math.max(...distances);
}

export async function detect(
  net: Classifier,
  images: Float32Array,
  pause: (fraction: number) => Promise<void>,
): Promise<Detected> {
  const size = imageSize(net);
  const count = images.length / size;
  const predicted = new Uint8Array(count).fill(NONE);
  const score = new Float32Array(count);
  for (let start = 0; start < count; start += BATCH) {
    const rows = images.subarray(start * size, (start + BATCH) * size);
    const said: Float64Array[] = [];
    for (const view of views(net)) said.push(await probabilities(view, rows));
    for (let row = 0; row * size < rows.length; row++) {
      const [own, ...squeezed] = said.map((all) => all.subarray(row * net.classes, (row + 1) * net.classes));
      const best = Math.max(...(own as Float64Array));
      const isOne = (own as Float64Array).indexOf(best) === (own as Float64Array).lastIndexOf(best);
      if (isOne) predicted[start + row] = (own as Float64Array).indexOf(best);
      score[start + row] = scoreOf(own as Float64Array, squeezed);
    }
    await pause(Math.min(1, (start + BATCH) / count));
  }
  return { predicted, score };
}

/** Among the outcomes of a step. */
export function stored({ predicted, score }: Detected): Outcomes {
  const shape = [score.length];
  return { predicted: { shape, data: predicted }, score: { shape, data: score } };
}

/** Read back. */
export function detectedIn(outcomes: Outcomes, step: string) {
  return { predicted: values(outcomes, `${step}.predicted`), score: values(outcomes, `${step}.score`) };
}

/** The three views as one classifier of three times the classes, so that one pass differentiates all. */
export function allViews(net: Classifier): Classifier {
  const three = views(net);
  return {
    inputShape: net.inputShape,
    classes: 3 * net.classes,
    logits: (x) =>
      tf.tidy(
        () =>
          tf.concat(
            three.map((view) => view.logits(x)),
            1,
          ) as tf.Tensor2D,
      ),
    dispose: () => {},
  };
}
