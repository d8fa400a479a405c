import type * as tf from '@tensorflow/tfjs';

/** A trainable tensor of an architecture. */
export interface Parameter {
  readonly name: string;
  readonly shape: readonly number[];
  /** Inputs and outputs of one unit, for initialisation; biases have none and start at 0. */
  readonly fan: { readonly in: number; readonly out: number } | null;
}

/** Drops hidden units while training; absent otherwise. `layer` numbers the dropped layers of one pass from 0. */
export type Dropout = (activations: tf.Tensor2D, layer: number) => tf.Tensor2D;

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
   * @param weights by parameter name
   * @param x images, float32 [batch, height, width, channels], pixels in [0, 1]
   * @returns class scores, float32 [batch, classes]
   */
  forward(weights: Readonly<Record<string, tf.Tensor>>, x: tf.Tensor4D, dropout?: Dropout): tf.Tensor2D;
}
