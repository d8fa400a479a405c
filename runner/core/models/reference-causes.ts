/** The usual mistakes of an export, each tried to see whether it explains why scores differ from the authors'. */
import * as tf from '@tensorflow/tfjs';
import type { Preprocessing } from '../submission-models.ts';
import { preprocessed } from './preprocessing.ts';

interface Difference {
  /** float32 [n, h, w, c] in [0, 1] */
  readonly images: tf.Tensor4D;
  /** What the net says of them, [n × classes]. */
  readonly found: Float32Array;
  /** What the net says of images as they reach it. */
  ask(images: tf.Tensor4D): Promise<Float32Array>;
  /** Whether scores are those of the reference. */
  agrees(scores: Float32Array): boolean;
  readonly preprocessing: Preprocessing | undefined;
}

interface Cause {
  readonly cause: string;
  readonly hint: string;
}

interface Mistake extends Cause {
  /** What reaches the net when the mistake is mended. */
  readonly mend: (images: tf.Tensor4D) => tf.Tensor4D;
}

/** Means and deviations that are in common use, for as many channels as they have. */
const common: readonly (Preprocessing & { readonly of: string })[] = [
  { of: 'MNIST', mean: [0.1307], std: [0.3081] },
  { of: 'Fashion-MNIST', mean: [0.286], std: [0.353] },
  { of: 'CIFAR-10', mean: [0.4914, 0.4822, 0.4465], std: [0.247, 0.2435, 0.2616] },
  { of: 'CIFAR-10', mean: [0.4914, 0.4822, 0.4465], std: [0.2023, 0.1994, 0.201] },
  { of: 'ImageNet', mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] },
  { of: 'images from -1 to 1', mean: [0.5], std: [0.5] },
  { of: 'images from -1 to 1', mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] },
];

/** @returns the first mistake that makes the scores agree; null when none does */
export async function likelyCause({ images, found, ask, agrees, preprocessing }: Difference): Promise<Cause | null> {
  const scores = ofScores(found, images.shape[0]).find(({ values }) => agrees(values));
  if (scores !== undefined) return scores;
  for (const mistake of mistakesFor(images, preprocessing)) {
    const mended = tf.tidy(() => tf.clone(mistake.mend(images)));
    const values = await ask(mended);
    mended.dispose();
    if (agrees(values)) return mistake;
  }
  return null;
}

function mistakesFor(images: tf.Tensor4D, preprocessing: Preprocessing | undefined): Mistake[] {
  const [, , , channels] = images.shape;
  const usual = (x: tf.Tensor4D) => (preprocessing === undefined ? x : preprocessed(x, preprocessing));
  const mistakes: Mistake[] = [];
  if (preprocessing !== undefined) {
    mistakes.push({
      cause: 'mean and std are applied twice: the net already does it',
      hint: 'leave model.preprocessing away',
      mend: (x) => x,
    });
  }
  for (const { of, mean, std } of common) {
    if (mean.length !== channels) continue;
    mistakes.push({
      cause: `mean and std are ${preprocessing === undefined ? 'missing' : 'others'}; with those of ${of} the scores agree`,
      hint: `write preprocessing: { mean: [${mean.join(', ')}], std: [${std.join(', ')}] }`,
      mend: (x) => preprocessed(x, { mean, std }),
    });
  }
  mistakes.push({
    cause: 'the net takes images from 0 to 255',
    hint:
      preprocessing === undefined
        ? `write preprocessing: { mean: [${all(channels, '0')}], std: [${all(channels, '0.00392156862745098')}] }`
        : 'mean and std of images from 0 to 255 are to be divided by 255',
    mend: (x) => usual(tf.mul(x, 255)),
  });
  mistakes.push({
    cause: 'the images are divided by 255 once too often: the reference was made with images from 0 to 1/255',
    hint: 'make the reference anew, with the images that the net is to be asked about',
    mend: (x) => usual(tf.div(x, 255)),
  });
  if (channels > 1) {
    mistakes.push({
      cause: 'red and blue are exchanged: the net takes BGR, and images are RGB here',
      hint: 'exchange them within the model before you export it',
      mend: (x) => usual(tf.reverse(x, -1)),
    });
    mistakes.push({
      cause: 'the order of the axes: NCHW was read as NHWC',
      hint: 'transpose x, do not reshape it: x.permute(0, 2, 3, 1)',
      mend: (x) => usual(tf.transpose(tf.reshape(x, [x.shape[0], x.shape[3], x.shape[1], x.shape[2]]), [0, 2, 3, 1])),
    });
    mistakes.push({
      cause: 'the order of the axes: NHWC was read as NCHW',
      hint: 'transpose x, do not reshape it: x.permute(0, 3, 1, 2)',
      mend: (x) => usual(tf.reshape(tf.transpose(x, [0, 3, 1, 2]), x.shape)),
    });
  }
  mistakes.push({
    cause: 'the order of the axes: height and width are exchanged',
    hint: 'give the images upright, to the net and in the reference',
    mend: (x) => usual(tf.transpose(x, [0, 2, 1, 3])),
  });
  return mistakes;
}

function all(channels: number, value: string): string {
  return Array.from({ length: channels }, () => value).join(', ');
}

/** Mistakes that lie behind the net: a softmax too many on one side. */
function ofScores(found: Float32Array, count: number): (Cause & { readonly values: Float32Array })[] {
  return tf.tidy(() => {
    const logits = tf.tensor2d(found, [count, found.length / count]);
    return [
      {
        cause: 'the reference was taken after a softmax',
        hint: 'save what the net gives before it, as logits',
        values: tf.softmax(logits).dataSync<'float32'>(),
      },
      {
        cause: 'the reference was taken after a log-softmax',
        hint: 'save what the net gives before it, as logits',
        values: tf.logSoftmax(logits).dataSync<'float32'>(),
      },
    ];
  });
}
