import * as tf from '@tensorflow/tfjs';
import { project } from '../../projections.ts';
import type { AttackContext } from '../attack.ts';
import { scoreCandidates } from './candidates.ts';
import type { ScoreLoss } from './score-loss.ts';

/** How a loss is felt out around an image. */
export interface ProbeOptions {
  readonly steps: number;
  /** Images of each estimate, an even number: two for each direction, one ahead and one behind. */
  readonly samples: number;
  /** How far from the image they lie, in pixel units per unit of a direction. */
  readonly radius: number;
  readonly loss: ScoreLoss;
}

/** One image's way down its loss: all that tells one method from another. */
export interface Descent {
  /** Where the image starts, in place of x. */
  start?(image: Float32Array): void;
  /** Directions to look in at a step, [samples / 2 × size]. */
  directions(step: number): Float32Array;
  /**
   * Moves the image, in place; it is projected afterwards.
   * @param gradient estimate of the loss's derivative with respect to the image, [size]
   * @param loss mean loss of the samples
   */
  move(image: Float32Array, gradient: Float64Array, loss: number): void;
}

/**
 * Descent in L∞ along gradients that are estimated from scores:
 * g = Σ (L(x + r·v) − L(x − r·v)) · v / (samples · r) over directions v.
 *
 * The image itself is asked about in the same forward pass as its samples, and leaves as soon as it is a success. Samples may lie
 * outside the ball and the pixel range; they are only asked about. Where all samples score alike, the first direction
 * stands in for the gradient, so that a flat loss does not hold the image in place.
 * @param begin the method, with a state of its own for each row
 * @returns images of the whole batch; the caller disposes of them
 */
export async function scoreDescent(
  context: AttackContext,
  options: ProbeOptions,
  begin: (row: number, size: number) => Descent,
): Promise<tf.Tensor4D> {
  const { x, epsilon } = context;
  const clean = (await x.data<'float32'>()).slice();
  const images = clean.slice();
  const size = clean.length / x.shape[0];
  const batch = new Float32Array((options.samples + 1) * size);
  for (let row = 0; row < x.shape[0]; row++) {
    const origin = clean.subarray(row * size, (row + 1) * size);
    const image = images.subarray(row * size, (row + 1) * size);
    const descent = begin(row, size);
    descent.start?.(image);
    project(origin, image, size, 'Linf', epsilon);
    for (let step = 0; step < options.steps; step++) {
      const directions = descent.directions(step);
      spread(batch, image, directions, options.radius);
      const { losses, done } = await scoreCandidates(context, options.loss, row, batch);
      if (done[0] === 1) break;
      const { gradient, mean } = estimate(losses, directions, size, options);
      descent.move(image, gradient, mean);
      project(origin, image, size, 'Linf', epsilon);
    }
  }
  return tf.tensor4d(images, x.shape);
}

/** Fills a batch with the image, the samples ahead of it and the samples behind it. */
function spread(batch: Float32Array, image: Float32Array, directions: Float32Array, radius: number) {
  const size = image.length;
  batch.set(image);
  const behind = size + directions.length;
  for (let i = 0; i < directions.length; i++) {
    const shift = radius * (directions[i] as number);
    const value = image[i % size] as number;
    batch[size + i] = value + shift;
    batch[behind + i] = value - shift;
  }
}

/** @param losses of a batch as `spread` fills it */
function estimate(losses: Float64Array, directions: Float32Array, size: number, { samples, radius }: ProbeOptions) {
  const gradient = new Float64Array(size);
  const pairs = samples / 2;
  let total = 0;
  let flat = true;
  for (let pair = 0; pair < pairs; pair++) {
    const ahead = losses[1 + pair] as number;
    const behind = losses[1 + pairs + pair] as number;
    const slope = (ahead - behind) / (samples * radius);
    total += ahead + behind;
    // A sample whose logits are not finite says nothing.
    if (!Number.isFinite(slope) || slope === 0) continue;
    flat = false;
    for (let i = 0; i < size; i++) {
      gradient[i] = (gradient[i] as number) + slope * (directions[pair * size + i] as number);
    }
  }
  return { gradient: flat ? Float64Array.from(directions.subarray(0, size)) : gradient, mean: total / samples };
}
