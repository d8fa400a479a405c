import * as tf from '@tensorflow/tfjs';
import type { Parameter } from '../models/architecture.ts';
import { exampleRandom } from '../random.ts';
import type { Weights } from './state.ts';

/** The order in which an epoch meets the images: a Fisher–Yates shuffle of 0 … count − 1. */
export function shuffle(count: number, seed: number, stream: string, epoch: number): Int32Array {
  const order = Int32Array.from({ length: count }, (_, i) => i);
  const draws = exampleRandom(seed, `order/${stream}`).uniform([0], epoch, count);
  for (let i = count - 1; i > 0; i--) {
    const j = Math.floor((draws[i] as number) * (i + 1));
    const swapped = order[i] as number;
    order[i] = order[j] as number;
    order[j] = swapped;
  }
  return order;
}

/** Rows `indices` of a row-major matrix. */
export function gather(values: Float32Array, indices: Int32Array, size: number): Float32Array {
  const rows = new Float32Array(indices.length * size);
  for (const [row, index] of indices.entries()) rows.set(values.subarray(index * size, (index + 1) * size), row * size);
  return rows;
}

/** Values by name → tensors in the order of the parameters. */
export function toTensors(parameters: readonly Parameter[], values: Weights): tf.Tensor[] {
  return parameters.map(({ name, shape }) => tf.tensor(values[name] as Float32Array, [...shape]));
}

/** The way back. */
export async function toArrays(parameters: readonly Parameter[], tensors: readonly tf.Tensor[]): Promise<Weights> {
  const values = await Promise.all(tensors.map((tensor) => tensor.data<'float32'>()));
  return Object.fromEntries(parameters.map(({ name }, i) => [name, values[i] as Float32Array]));
}

export function zeros(weights: Weights): Weights {
  return Object.fromEntries(Object.entries(weights).map(([name, values]) => [name, new Float32Array(values.length)]));
}

/** The running mean after a step; its first steps count for more, so that the initial weights are soon forgotten. */
export function averaged(
  average: readonly tf.Tensor[],
  parameters: readonly tf.Tensor[],
  decay: number,
  done: number,
): tf.Tensor[] {
  const kept = Math.min(decay, (1 + done) / (10 + done));
  return average.map((mean, i) => tf.add(tf.mul(mean, kept), tf.mul(parameters[i] as tf.Tensor, 1 - kept)));
}
