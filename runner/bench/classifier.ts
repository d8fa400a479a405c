import { readFile } from 'node:fs/promises';
import * as tf from '@tensorflow/tfjs';
import { CONVOLUTION_RELU } from '#core/kernels/convolution-relu.ts';
import { CONVOLUTION_RELU_POOL } from '#core/kernels/convolution-relu-pool.ts';
import type { Classifier } from '#core/models/classifier.ts';
import { classifierOf, findArchitecture, loadClassifier } from '#core/models/index.ts';
import { initialWeights } from '#core/training/initial-weights.ts';

/** Classifier of an architecture: with the weights of a safetensors file, or as training would start it (seed 0). */
export async function benchClassifier(architectureId: string, weightsFile?: string): Promise<Classifier> {
  if (weightsFile !== undefined) return loadClassifier(architectureId, await readFile(weightsFile));
  const architecture = findArchitecture(architectureId);
  return classifierOf(architecture, initialWeights(architecture, 0));
}

/**
 * Floating-point operations of a forward pass of one image, counting the convolutions and matrix products: two for each
 * weight at each place it is used, by whatever algorithm a backend computes them. The gradient with respect to the input
 * costs as many again.
 */
export async function forwardOperations({ inputShape, logits }: Classifier): Promise<number> {
  const image = tf.zeros([1, ...inputShape]) as tf.Tensor4D;
  const { kernels } = await tf.profile(() => tf.tidy(() => logits(image)));
  image.dispose();
  let operations = 0;
  for (const { name, inputShapes, outputShapes } of kernels) {
    const outputs = outputShapes[0]?.reduce((product, side) => product * side, 1) ?? 0;
    if (name === tf.Conv2D || name === CONVOLUTION_RELU || name === CONVOLUTION_RELU_POOL) {
      const [height = 0, width = 0, channels = 0] = inputShapes[1] as number[];
      // Pooling keeps one of four outputs.
      const computed = name === CONVOLUTION_RELU_POOL ? 4 * outputs : outputs;
      operations += 2 * computed * height * width * channels;
    } else if (name === tf.BatchMatMul) {
      operations += 2 * outputs * ((inputShapes[0] as number[]).at(-1) ?? 0);
    }
  }
  return operations;
}
