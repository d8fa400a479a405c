/**
 * Nets that are a chain of layers, as data: what computes their scores (here) and what bounds them (`certificates/`) read the same list.
 * Weights are as `prepared` gives them: filters [height, width, in, out], matrices [in, out].
 */
import * as tf from '@tensorflow/tfjs';
import { convolutionRelu, type Pad } from '../kernels/convolution-relu.ts';
import { convolutionReluPool } from '../kernels/convolution-relu-pool.ts';
import type { Architecture, NamedTensors } from './architecture.ts';
import { connect, flatten } from './forward.ts';

/** A convolution with a bias, ReLU, and 2×2 max-pooling where `pool` says so (a row or column left over is dropped). */
export interface ConvolutionLayer {
  readonly kind: 'convolution';
  readonly name: string;
  readonly pad: Pad;
  /** 1 when absent; pooling is after stride 1 only. */
  readonly stride?: number;
  readonly pool?: true;
}

/** A fully connected layer, of the flattened maps where it is the first; `relu` and dropout while training where they say so. */
export interface LinearLayer {
  readonly kind: 'linear';
  readonly name: string;
  readonly relu?: true;
  readonly dropped?: true;
}

/** Convolutions first, fully connected layers after; the last has no ReLU. */
export type SequentialLayer = ConvolutionLayer | LinearLayer;

/** What is between the layers. */
export interface Activation {
  /** A convolution with its bias, what follows it, and its pooling. */
  convolved(weights: NamedTensors, layer: ConvolutionLayer, x: tf.Tensor4D): tf.Tensor4D;
  /** What follows a fully connected layer, where its `relu` says that something does. */
  activated(sums: tf.Tensor2D): tf.Tensor2D;
}

const reluActivation: Activation = { convolved, activated: (sums) => tf.relu(sums) };

/** Scores of a chain of layers, as `Architecture.forward` gives them. */
export function forwardThrough(layers: readonly SequentialLayer[], between: Activation): Architecture['forward'] {
  return (weights, x, dropout) => {
    let maps = x;
    let units: tf.Tensor2D | undefined;
    let dropped = 0;
    for (const layer of layers) {
      if (layer.kind === 'convolution') {
        maps = between.convolved(weights, layer, maps);
        continue;
      }
      const sums = connect(weights, layer.name, units ?? flatten(maps));
      units = layer.relu ? between.activated(sums) : sums;
      if (layer.dropped && dropout !== undefined) units = dropout(units, dropped++);
    }
    return units as tf.Tensor2D;
  };
}

/** The part of an architecture that follows from its layers. */
export function sequential(layers: readonly SequentialLayer[]): Required<Pick<Architecture, 'layers' | 'forward'>> {
  return { layers, forward: forwardThrough(layers, reluActivation) };
}

function convolved(weights: NamedTensors, { name, pad, stride, pool }: ConvolutionLayer, x: tf.Tensor4D): tf.Tensor4D {
  const [filter, bias] = [weights[`${name}.weight`] as tf.Tensor4D, weights[`${name}.bias`] as tf.Tensor1D];
  if (stride === undefined) return (pool ? convolutionReluPool : convolutionRelu)(x, filter, bias, pad);
  return tf.relu(tf.add(tf.conv2d(x, filter, stride, pad), bias)) as tf.Tensor4D;
}
