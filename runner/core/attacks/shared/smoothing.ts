import * as tf from '@tensorflow/tfjs';

/** Standard deviations from the middle of the kernel to its edge. */
const DEVIATIONS = 3;

/**
 * Each channel of a gradient convolved with a Gaussian kernel whose edge lies at three standard deviations.
 *
 * Source: Dong et al., "Evading Defenses to Transferable Adversarial Examples by Translation-Invariant Attacks", CVPR 2019,
 * https://arxiv.org/abs/1904.02884, §3.3–3.4: it stands for the mean of the gradients of shifted images.
 * @param size side of the kernel, odd; 1 changes nothing
 * @returns a new tensor
 */
export function smoothed(gradient: tf.Tensor4D, size: number): tf.Tensor4D {
  if (size === 1) return gradient.clone();
  const channels = gradient.shape[3];
  const half = (size - 1) / 2;
  const weights = Array.from({ length: size }, (_, i) => Math.exp(-0.5 * ((DEVIATIONS * (i - half)) / half) ** 2));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const kernel = weights.flatMap((a) => weights.flatMap((b) => Array(channels).fill((a * b) / total ** 2)));
  return tf.tidy(() =>
    tf.depthwiseConv2d(gradient, tf.tensor4d(kernel as number[], [size, size, channels, 1]), 1, 'same'),
  );
}
