import * as tf from '@tensorflow/tfjs';
import { ParapetError } from '../../errors.ts';
import { decodeWeights } from '../../models/weights.ts';
import { generator } from './nets.ts';

/** A generator that is ready to be asked. */
export interface LoadedGenerator {
  /** @param z [count, LATENT] @returns images [count, height, width, channels], pixels in (0, 1) */
  images(z: tf.Tensor2D): tf.Tensor4D;
  dispose(): void;
}

/**
 * @param bytes `generator.safetensors` of train-gan, hostile until parsed
 * @param shape of the images that it should make
 * @throws ParapetError 'submission' for any other file
 */
export function loadGenerator(
  bytes: Uint8Array,
  shape: readonly [height: number, width: number, channels: number],
): LoadedGenerator {
  const hint = 'name generator.safetensors as train-gan writes it for the same data set';
  if (shape[0] % 4 !== 0 || shape[1] % 4 !== 0) {
    throw new ParapetError(
      'submission',
      `images are ${shape.join(' × ')}; a generator makes sides that are multiples of 4`,
    );
  }
  const { parameters, forward } = generator(shape);
  const weights = decoded();
  const tensors = Object.fromEntries(
    parameters.map(({ name, shape: sides }) => [
      name,
      tf.keep(tf.tensor(weights.get(name) as Float32Array, [...sides])),
    ]),
  );
  return {
    images: (z) => tf.tidy(() => forward(tensors, z)),
    dispose: () => tf.dispose(tensors),
  };

  function decoded() {
    try {
      return decodeWeights({ id: `a generator of images of ${shape.join(' × ')}`, parameters }, bytes);
    } catch (error) {
      throw error instanceof ParapetError ? new ParapetError(error.kind, error.message, hint) : error;
    }
  }
}
