import * as tf from '@tensorflow/tfjs';
import type { SequentialLayer } from './sequential.ts';

/** A tensor of an architecture's file. */
export interface Parameter {
  readonly name: string;
  readonly shape: readonly number[];
  /** Inputs and outputs of one unit, for initialisation; what has none starts at `start`. */
  readonly fan: { readonly in: number; readonly out: number } | null;
  /** What every value starts at when there is no fan; 0 when absent. */
  readonly start?: number;
  /** Measured over batches of training images rather than learned: what batch normalisation subtracts, and divides by the root of. */
  readonly statistic?: 'mean' | 'variance';
}

/** Drops hidden units while training; absent otherwise. `layer` numbers the dropped layers of one pass from 0. */
export type Dropout = (activations: tf.Tensor2D, layer: number) => tf.Tensor2D;

export type NamedTensors = Readonly<Record<string, tf.Tensor>>;

/** A net as code of ours: weights come as safetensors named after `parameters`. */
export interface Architecture {
  readonly id: string;
  readonly name: string;
  /** Address of the paper that describes it. */
  readonly paper: string;
  readonly inputShape: readonly [height: number, width: number, channels: number];
  readonly classes: number;
  readonly parameters: readonly Parameter[];
  /**
   * What a tensor of a file is called here, for files that follow another habit of naming; names stand as they are when absent.
   * @returns null for a tensor that no score depends on
   */
  nameOf?(name: string): string | null;
  /**
   * Makes of the parameters what `forward` works on, once for many passes: layouts turned, batch normalisation within the convolutions.
   * Differentiable. `forward` works on the parameters themselves when absent.
   */
  prepare?(weights: NamedTensors): NamedTensors;
  /** Whether it makes no use of `dropout`: no unit is ever dropped. */
  readonly undropped?: true;
  /** What `forward` computes, layer by layer, where it is a chain of layers; certificates need it. */
  readonly layers?: readonly SequentialLayer[];
  /**
   * @param weights what `prepared` gives, by name
   * @param x images, float32 [batch, height, width, channels], pixels in [0, 1]
   * @returns class scores, float32 [batch, classes]
   */
  forward(weights: NamedTensors, x: tf.Tensor4D, dropout?: Dropout): tf.Tensor2D;
}

/**
 * @param weights the parameters by name
 * @returns what `architecture.forward` works on; some may be the given tensors themselves
 */
export function prepared(architecture: Architecture, weights: NamedTensors): NamedTensors {
  return architecture.prepare === undefined ? weights : architecture.prepare(weights);
}

/**
 * @param values each parameter's values by name, in the layout of the architecture's files
 * @returns new tensors that `architecture.forward` works on; the caller disposes of them
 */
export function opened(architecture: Architecture, values: Readonly<Record<string, Float32Array>>): NamedTensors {
  return tf.tidy(() => {
    const stored = architecture.parameters.map(({ name, shape }) => {
      return [name, tf.tensor(values[name] as Float32Array, [...shape])] as const;
    });
    return { ...prepared(architecture, Object.fromEntries(stored)) };
  });
}

/** Name of the first statistic that an architecture keeps of its training batches; null where a recipe can train it. */
export function batchStatistic({ parameters }: Architecture): string | null {
  return parameters.find(({ statistic }) => statistic !== undefined)?.name ?? null;
}
