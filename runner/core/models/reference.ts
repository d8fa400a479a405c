/** Compares a net with the scores that its authors have for 16 images, before a mistake of its export becomes a number on a board. */
import * as tf from '@tensorflow/tfjs';
import { ParapetError } from '../errors.ts';
import type { Model } from '../submission-models.ts';
import type { Classifier } from './classifier.ts';
import { preprocessed } from './preprocessing.ts';
import { likelyCause } from './reference-causes.ts';
import { decodeSafetensors, type StoredTensor } from './safetensors.ts';

/** Images of a reference. */
const COUNT = 16;

/** How far a score may lie from the reference's, as a share of the largest score of its image. */
const TOLERANCE = 1e-3;

/** What is compared: images [COUNT × h × w × c], and what the authors' net says of them, [COUNT × classes]. */
export interface Reference {
  readonly x: Float32Array;
  readonly scores: Float32Array;
}

/**
 * @param classifier gives logits of images that are preprocessed already
 * @param bytes the reference's safetensors file
 * @param name of the model in submission.yaml
 * @throws ParapetError 'submission' when they differ, with the likely cause where one of the usual mistakes explains it
 */
export async function compareWithReference(
  classifier: Classifier,
  { output, preprocessing, reference }: Model,
  bytes: Uint8Array,
  name: string,
): Promise<void> {
  const file = `${name}.reference: ${reference?.file ?? ''}`;
  const { x, scores } = decodeReference(bytes, classifier, output, file);
  const ask = async (images: tf.Tensor4D) => {
    const tensor = tf.tidy(() => {
      const logits = classifier.logits(images);
      return output === 'probabilities' ? tf.softmax(logits) : logits;
    });
    const values = await tensor.data<'float32'>();
    tensor.dispose();
    return values;
  };
  const images = tf.tensor4d(x, [COUNT, ...classifier.inputShape]);
  try {
    const given = preprocessing === undefined ? tf.clone(images) : tf.tidy(() => preprocessed(images, preprocessing));
    const found = await ask(given);
    given.dispose();
    const { image, share } = worst(found, scores);
    if (share <= TOLERANCE) return;
    const agrees = (values: Float32Array) => worst(values, scores).share <= TOLERANCE;
    const cause = await likelyCause({ images, found, ask, agrees, preprocessing });
    throw new ParapetError(
      'submission',
      `${file}: the scores of image ${image} differ by ${percent(share)} of the largest; wanted at most 0.1 %` +
        (cause === null ? '' : `. Likely cause: ${cause.cause}`),
      cause?.hint ??
        'none of the usual mistakes explains it: are they of this very checkpoint, in evaluation (model.eval()), on these images?',
    );
  } finally {
    images.dispose();
  }
}

function percent(share: number): string {
  return Number.isFinite(share) ? `${Number((100 * share).toPrecision(2))} %` : 'what is not finite';
}

/** The image whose scores differ most, and by how much, as a share of the largest score that the reference has for it. */
function worst(found: Float32Array, wanted: Float32Array): { image: number; share: number } {
  const classes = wanted.length / COUNT;
  let most = { image: 0, share: 0 };
  for (let image = 0; image < COUNT; image++) {
    let [difference, size] = [0, 0];
    for (let i = image * classes; i < (image + 1) * classes; i++) {
      const apart = Math.abs((found[i] as number) - (wanted[i] as number));
      difference = Math.max(difference, Number.isNaN(apart) ? Number.POSITIVE_INFINITY : apart);
      size = Math.max(size, Math.abs(wanted[i] as number));
    }
    const share = difference === 0 ? 0 : difference / size;
    if (share > most.share) most = { image, share };
  }
  return most;
}

function decodeReference(
  bytes: Uint8Array,
  { inputShape, classes }: Classifier,
  output: Model['output'],
  file: string,
): Reference {
  const refuse = (what: string, hint: string): never => {
    throw new ParapetError('submission', `${file}: ${what}`, hint);
  };
  const { tensors } = decodeSafetensors(bytes);
  const [height, width, channels] = inputShape;
  const write = `save_file({"x": x, "${output}": y}, path) of safetensors.torch, with x of [${COUNT}, ${height}, ${width}, ${channels}]`;
  const floats = (name: string): StoredTensor & { readonly data: Float32Array } => {
    const tensor = tensors.get(name) ?? refuse(`has no '${name}'`, write);
    if (!(tensor.data instanceof Float32Array)) return refuse(`'${name}' is ${tensor.dtype}; wanted F32`, write);
    if (!tensor.data.every(Number.isFinite)) return refuse(`'${name}' holds a number that is not finite`, write);
    return tensor as StoredTensor & { readonly data: Float32Array };
  };
  const [x, scores] = [floats('x'), floats(output)];
  if (scores.shape.join() !== `${COUNT},${classes}`) {
    refuse(`'${output}' has shape [${scores.shape}]; wanted [${COUNT}, ${classes}]`, write);
  }
  const beyond = x.data.find((value) => value < 0 || value > 1);
  if (beyond !== undefined) {
    const what = beyond > 1.5 && x.data.every((value) => value >= 0) ? 'from 0 to 255' : 'normalised already';
    refuse(
      `x holds ${beyond}; wanted images in [0, 1], and these seem to be ${what}`,
      'save the images as they are before any normalisation, as floats from 0 to 1',
    );
  }
  if (x.shape.join() === [COUNT, height, width, channels].join()) return { x: x.data, scores: scores.data };
  if (x.shape.join() === [COUNT, channels, height, width].join()) {
    return { x: channelsLast(x.data, inputShape), scores: scores.data };
  }
  return refuse(
    `x has shape [${x.shape}]; wanted [${COUNT}, ${height}, ${width}, ${channels}] or [${COUNT}, ${channels}, ${height}, ${width}]`,
    write,
  );
}

/** [n, c, h, w] → [n, h, w, c]. */
function channelsLast(x: Float32Array, [height, width, channels]: Classifier['inputShape']): Float32Array {
  const area = height * width;
  return x.map((_, i) => {
    const [image, place, channel] = [Math.floor(i / (area * channels)), Math.floor(i / channels) % area, i % channels];
    return x[(image * channels + channel) * area + place] as number;
  });
}
