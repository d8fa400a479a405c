/**
 * Layers under the names and in the layouts that PyTorch gives their weights, so that a `state_dict` saved as safetensors is a
 * file of ours: convolutions [out, in, height, width], matrices [out, in], units of a flattened image with its channels first.
 * Each layer also says what `forward.ts` works on: channels last, the normalisation after a convolution within its weights.
 */
import * as tf from '@tensorflow/tfjs';
import type { Architecture, NamedTensors, Parameter } from './architecture.ts';

/** What `torch.nn.BatchNorm2d` adds to a variance. */
const EPSILON = 1e-5;

export interface Layer {
  readonly parameters: readonly Parameter[];
  prepare(weights: NamedTensors): NamedTensors;
}

/** A tensor that is used as it is stored. */
export function plain(name: string, shape: readonly number[], start = 0): Layer {
  return {
    parameters: [{ name, shape, fan: null, start }],
    prepare: (weights) => ({ [name]: weights[name] as tf.Tensor }),
  };
}

interface ConvolutionOptions {
  /** Whether it adds a number to each filter's outputs; it does when absent. */
  readonly bias?: boolean;
  /** Name of the batch normalisation that its outputs go through, and nothing else does. */
  readonly norm?: string;
}

/**
 * Filters [out, in, kernel, kernel]. A normalisation (y − mean) · γ / √(variance + ε) + β of their outputs is linear once its
 * statistics stand, and so becomes part of the weights and the bias.
 */
export function convolution(
  name: string,
  inputs: number,
  outputs: number,
  kernel: number,
  { bias = true, norm }: ConvolutionOptions = {},
): Layer {
  const patch = kernel * kernel;
  const [weightName, biasName] = [`${name}.weight`, `${name}.bias`];
  return {
    parameters: [
      {
        name: weightName,
        shape: [outputs, inputs, kernel, kernel],
        fan: { in: patch * inputs, out: patch * outputs },
      },
      ...(bias ? [{ name: biasName, shape: [outputs], fan: null }] : []),
      ...(norm === undefined ? [] : normParameters(norm, outputs)),
    ],
    prepare(weights) {
      const filter = tf.transpose(weights[weightName] as tf.Tensor, [2, 3, 1, 0]);
      const own = weights[biasName];
      if (norm === undefined) return { [weightName]: filter, ...(own !== undefined && { [biasName]: own }) };
      const { factor, shift } = affine(weights, norm);
      const moved = own === undefined ? shift : tf.add(tf.mul(own, factor), shift);
      return { [weightName]: tf.mul(filter, factor), [biasName]: moved };
    },
  };
}

/** A batch normalisation that stands by itself: one factor and one shift per channel. */
export function batchNorm(name: string, channels: number): Layer {
  return {
    parameters: normParameters(name, channels),
    prepare(weights) {
      const { factor, shift } = affine(weights, name);
      return { [`${name}.factor`]: factor, [`${name}.shift`]: shift };
    },
  };
}

/**
 * A matrix [out, in] and a bias.
 * @param image [height, width, channels] of the maps that its inputs are, flattened; none when they are units
 */
export function linear(
  name: string,
  inputs: number,
  outputs: number,
  image: readonly [height: number, width: number, channels: number] = [1, 1, inputs],
): Layer {
  const [weightName, biasName] = [`${name}.weight`, `${name}.bias`];
  const [height, width, channels] = image;
  return {
    parameters: [
      { name: weightName, shape: [outputs, inputs], fan: { in: inputs, out: outputs } },
      { name: biasName, shape: [outputs], fan: null },
    ],
    prepare(weights) {
      const maps = tf.reshape(weights[weightName] as tf.Tensor, [outputs, channels, height, width]);
      return {
        [weightName]: tf.reshape(tf.transpose(maps, [2, 3, 1, 0]), [inputs, outputs]),
        [biasName]: weights[biasName] as tf.Tensor,
      };
    },
  };
}

/**
 * Parameters and preparation of an architecture made of layers.
 * @param rename name here of a tensor of a file, as `Architecture.nameOf`
 */
export function pytorch(
  layers: readonly Layer[],
  rename: (name: string) => string | null = (name) => name,
): Required<Pick<Architecture, 'parameters' | 'nameOf' | 'prepare'>> {
  const parameters = layers.flatMap((layer) => layer.parameters);
  const names = new Set(parameters.map(({ name }) => name));
  return {
    parameters,
    nameOf(name) {
      const here = rename(name);
      // How many batches a normalisation has seen, which PyTorch stores with its statistics.
      const counts = here?.endsWith('.num_batches_tracked') && names.has(here.replace(/[^.]+$/, 'running_mean'));
      return counts ? null : here;
    },
    prepare: (weights) => Object.assign({}, ...layers.map((layer) => layer.prepare(weights))),
  };
}

function normParameters(name: string, channels: number): Parameter[] {
  return [
    { name: `${name}.weight`, shape: [channels], fan: null, start: 1 },
    { name: `${name}.bias`, shape: [channels], fan: null },
    { name: `${name}.running_mean`, shape: [channels], fan: null, statistic: 'mean' },
    { name: `${name}.running_var`, shape: [channels], fan: null, start: 1, statistic: 'variance' },
  ];
}

function affine(weights: NamedTensors, name: string): { factor: tf.Tensor; shift: tf.Tensor } {
  const of = (part: string) => weights[`${name}.${part}`] as tf.Tensor;
  const factor = tf.div(of('weight'), tf.sqrt(tf.add(of('running_var'), EPSILON)));
  return { factor, shift: tf.sub(of('bias'), tf.mul(of('running_mean'), factor)) };
}
