import * as tf from '@tensorflow/tfjs';
import { steepest } from '../../attacks/shared/step.ts';
import type { Examples } from '../../datasets/dataset.ts';
import { imageSize, probabilities } from '../../fooling/fooling.ts';
import { type GradientModel, gradientModel, type PerExampleLoss } from '../../gradients.ts';
import type { Classifier } from '../../models/classifier.ts';
import { projectTensor } from '../../projections.ts';
import { oneHot } from '../../tensors.ts';
import { allViews, scoreOf } from './score.ts';

export interface Ball {
  readonly norm: 'Linf' | 'L2';
  readonly epsilon: number;
}

export interface AdaptiveOptions {
  /** Steps of PGD for each target, of 2.5 ε over their number. */
  readonly steps: number;
  /** How many of the likeliest wrong classes are tried. */
  readonly targets: number;
}

const CHUNK = 100;

/**
 * PGD that knows the detector: it looks for an image that is wrong, and of which the net says the same whether it is squeezed or not.
 *
 * Ascends Σ log p_t over the image and its squeezed versions, minus the detector's score, for each of the likeliest wrong classes t.
 * Where all of them are sure of the same wrong class the score is 0. Of all steps the wrong image with the lowest score is kept.
 *
 * Source of the idea, for this detector: He et al., "Adversarial Example Defenses: Ensembles of Weak Defenses are not Strong", WOOT 2017,
 * https://arxiv.org/abs/1706.04701.
 * @returns images in the ball and the pixel range, of x's length; where none was wrong the clean one
 */
export async function adaptivePgd(
  net: Classifier,
  { x, y, count }: Examples,
  ball: Ball,
  options: AdaptiveOptions,
  pause: (fraction: number) => Promise<void>,
): Promise<Float32Array> {
  const size = imageSize(net);
  const model = gradientModel(allViews(net));
  const found = x.slice();
  try {
    for (let start = 0; start < count; start += CHUNK) {
      const rows = Math.min(CHUNK, count - start);
      const images = x.slice(start * size, (start + rows) * size);
      const truth = y.subarray(start, start + rows);
      const least = new Float64Array(rows).fill(Number.POSITIVE_INFINITY);
      const ranked = await likeliestWrong(net, images, truth);
      for (let rank = 0; rank < options.targets; rank++) {
        const target = ranked.map((classes) => classes[rank] as number);
        const clean = tf.tensor4d(images, [rows, ...net.inputShape]);
        let moving = clean.clone();
        try {
          // One more than there are steps: what the last one reached is looked at too.
          for (let step = 0; step <= options.steps; step++) {
            const { logits, gradient } = model.gradient(moving, same(target, net.classes));
            const values = await moving.data<'float32'>();
            await keepBest(logits, truth, least, (row) => {
              found.set(values.subarray(row * size, (row + 1) * size), (start + row) * size);
            });
            const next = step < options.steps ? moved(clean, moving, gradient, ball, options) : moving.clone();
            tf.dispose([logits, gradient, moving]);
            moving = next;
          }
        } finally {
          tf.dispose([clean, moving]);
        }
        await pause((start + (rows * (rank + 1)) / options.targets) / count);
      }
    }
  } finally {
    model.dispose();
  }
  return found;
}

function moved(
  clean: tf.Tensor4D,
  x: tf.Tensor4D,
  gradient: ReturnType<GradientModel['gradient']>['gradient'],
  { norm, epsilon }: Ball,
  { steps }: AdaptiveOptions,
): tf.Tensor4D {
  return tf.tidy(() => {
    const stepped = tf.add(x, tf.mul(steepest(gradient, norm), (2.5 * epsilon) / steps)) as tf.Tensor4D;
    return projectTensor(clean, stepped, norm, epsilon);
  });
}

/** Σ log p_t of the views, minus the detector's score. */
function same(target: readonly number[], classes: number): PerExampleLoss {
  return (logits) => {
    const views = tf.split(logits, 3, 1) as [tf.Tensor2D, tf.Tensor2D, tf.Tensor2D];
    const sure = views.map((z) => tf.sum(tf.mul(tf.logSoftmax(z), oneHot(target, classes)), 1));
    const [own, ...squeezed] = views.map((z) => tf.softmax(z)) as [tf.Tensor2D, tf.Tensor2D, tf.Tensor2D];
    const [first, second] = squeezed.map((p) => tf.sum(tf.abs(tf.sub(own, p)), 1)) as [tf.Tensor, tf.Tensor];
    return tf.sub(tf.addN(sure), tf.maximum(first, second)) as tf.Tensor1D;
  };
}

/** Calls back for each row that is wrong and has a lower score than any step before had. */
async function keepBest(
  logits: tf.Tensor2D,
  truth: Int32Array,
  least: Float64Array,
  keep: (row: number) => void,
): Promise<void> {
  const views = tf.tidy(() => tf.split(logits, 3, 1).map((z) => tf.softmax(z as tf.Tensor2D)));
  const said = await Promise.all(views.map((view) => view.data<'float32'>()));
  const classes = logits.shape[1] / 3;
  tf.dispose(views);
  for (let row = 0; row < truth.length; row++) {
    const [own, ...squeezed] = said.map((all) => all.subarray(row * classes, (row + 1) * classes));
    const probabilities = own as Float32Array;
    if (probabilities.indexOf(Math.max(...probabilities)) === truth[row]) continue;
    const score = scoreOf(probabilities, squeezed);
    if (!(score < (least[row] as number))) continue;
    least[row] = score;
    keep(row);
  }
}

/** The wrong classes of each image, the likeliest first. */
async function likeliestWrong(net: Classifier, images: Float32Array, truth: Int32Array): Promise<number[][]> {
  const said = await probabilities(net, images);
  return Array.from(truth, (label, row) => {
    const own = said.subarray(row * net.classes, (row + 1) * net.classes);
    const wrong = Array.from(own.keys()).filter((c) => c !== label);
    return wrong.sort((a, b) => (own[b] as number) - (own[a] as number));
  });
}
