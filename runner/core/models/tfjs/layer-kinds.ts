/**
 * The layers that a LayersModel may have: what of their configuration is read, and from it and the shapes that come in the shapes that
 * go out and those of the weights. Shapes are without the batch.
 */
import { z } from 'zod';
import { concatenatedAlong, flattened, reshaped, type Shape, same, sides, windowed } from './shapes.ts';

export interface Described {
  readonly output: Shape;
  /** Shape of each weight, by the last part of its name, in the order in which the layer makes them. */
  readonly weights?: Readonly<Record<string, Shape>>;
}

export interface LayerKind<Config = never> {
  readonly className: string;
  /** Whether it takes two tensors or more, rather than one. */
  readonly merges?: true;
  /** All that decides what it computes; other fields are refused, except those of `ignored`. */
  readonly config: z.ZodType<Config>;
  /** @throws Error when the inputs do not fit; its message says why */
  describe(config: Config, inputs: readonly Shape[]): Described;
}

/** Fields that only training reads, and those that the reader handles itself. */
export const ignored =
  /^(name|trainable|dtype|batch_input_shape|sparse|ragged|momentum|seed|noise_shape|rate|stddev|\w+_(initializer|regularizer|constraint))$/;

const activation = z
  .enum(['linear', 'relu', 'relu6', 'elu', 'selu', 'sigmoid', 'tanh', 'softplus', 'softmax', 'swish'])
  .default('linear');
const count = z
  .int()
  .min(1)
  .max(2 ** 20);
const side = z.int().min(1).max(4096);
const pair = z.union([side.transform((n) => [n, n] as const), z.tuple([side, side])]);
const ones = z.union([z.literal(1), z.tuple([z.literal(1), z.literal(1)])]).default(1);
const padding = z.enum(['valid', 'same']).default('valid');
const channelsLast = z.literal('channels_last').default('channels_last');
const last = z.union([z.literal(-1), z.literal(3), z.tuple([z.literal(3)])]).default(-1);
const convolution = {
  kernel_size: pair,
  strides: pair.default([1, 1]),
  padding,
  data_format: channelsLast,
  dilation_rate: ones,
  // Keras writes it; TensorFlow.js would overlook another number.
  groups: z.literal(1).optional(),
  activation,
  use_bias: z.boolean().default(true),
};
const windows = { pool_size: pair.default([2, 2]), strides: pair.nullish(), padding, data_format: channelsLast };

function kind<Config>(
  className: string,
  config: z.ZodType<Config>,
  describe: LayerKind<Config>['describe'],
  merges?: true,
): LayerKind {
  return { className, config, describe, ...(merges && { merges }) } as unknown as LayerKind;
}

/** A layer that changes values and no shape. */
function pointwise(className: string, fields: z.ZodRawShape = {}): LayerKind {
  return kind(className, z.strictObject(fields), (_, [input]) => ({ output: input as Shape }));
}

function pooling(className: string): LayerKind {
  return kind(className, z.strictObject(windows), ({ pool_size, strides, padding }, [input]) => {
    const [height, width, channels] = sides(input);
    return { output: [...windowed([height, width], pool_size, strides ?? pool_size, padding), channels] };
  });
}

function globalPooling(className: string): LayerKind {
  return kind(className, z.strictObject({ data_format: channelsLast }), (_, [input]) => ({
    output: [sides(input)[2]],
  }));
}

function merging(className: string): LayerKind {
  return kind(className, z.strictObject({}), (_, inputs) => ({ output: same(inputs) }), true);
}

export const layerKinds: readonly LayerKind[] = [
  kind(
    'Dense',
    z.strictObject({ units: count, activation, use_bias: z.boolean().default(true) }),
    ({ units, use_bias }, [input]) => ({
      output: [...(input as Shape).slice(0, -1), units],
      weights: { kernel: [(input as Shape).at(-1) as number, units], ...(use_bias && { bias: [units] }) },
    }),
  ),
  kind(
    'Conv2D',
    z.strictObject({ ...convolution, filters: count }),
    ({ filters, kernel_size, strides, padding, use_bias }, [input]) => {
      const [height, width, channels] = sides(input);
      return {
        output: [...windowed([height, width], kernel_size, strides, padding), filters],
        weights: { kernel: [...kernel_size, channels, filters], ...(use_bias && { bias: [filters] }) },
      };
    },
  ),
  kind(
    'DepthwiseConv2D',
    z.strictObject({ ...convolution, depth_multiplier: count.default(1) }),
    ({ kernel_size, strides, padding, use_bias, depth_multiplier }, [input]) => {
      const [height, width, channels] = sides(input);
      const maps = channels * depth_multiplier;
      return {
        output: [...windowed([height, width], kernel_size, strides, padding), maps],
        weights: {
          depthwise_kernel: [...kernel_size, channels, depth_multiplier],
          ...(use_bias && { bias: [maps] }),
        },
      };
    },
  ),
  kind(
    'SeparableConv2D',
    z.strictObject({ ...convolution, filters: count, depth_multiplier: count.default(1) }),
    ({ filters, kernel_size, strides, padding, use_bias, depth_multiplier }, [input]) => {
      const [height, width, channels] = sides(input);
      return {
        output: [...windowed([height, width], kernel_size, strides, padding), filters],
        weights: {
          depthwise_kernel: [...kernel_size, channels, depth_multiplier],
          pointwise_kernel: [1, 1, channels * depth_multiplier, filters],
          ...(use_bias && { bias: [filters] }),
        },
      };
    },
  ),
  kind(
    'BatchNormalization',
    z.strictObject({
      axis: last,
      epsilon: z.number().positive().max(1).default(1e-3),
      // Without either, TensorFlow.js has scores and no gradient.
      center: z.literal(true).default(true),
      scale: z.literal(true).default(true),
    }),
    ({ axis }, [input]) => {
      const shape = input as Shape;
      if (axis !== -1 && shape.length !== 3) throw new Error('its axis is not the last');
      const channels = [shape.at(-1) as number];
      return {
        output: shape,
        weights: { gamma: channels, beta: channels, moving_mean: channels, moving_variance: channels },
      };
    },
  ),
  pointwise('Activation', { activation }),
  pointwise('ReLU', {
    max_value: z.number().positive().nullish(),
    // Keras has them and TensorFlow.js would overlook them.
    negative_slope: z.literal(0).optional(),
    threshold: z.literal(0).optional(),
  }),
  pointwise('LeakyReLU', { alpha: z.number().default(0.3) }),
  pointwise('ELU', { alpha: z.literal(1).default(1) }),
  kind('Softmax', z.strictObject({ axis: z.int().default(-1) }), ({ axis }, [input]) => {
    const shape = input as Shape;
    if (axis !== -1 && axis !== shape.length) throw new Error('its axis is not the last');
    return { output: shape };
  }),
  pointwise('Rescaling', { scale: z.number(), offset: z.number().default(0) }),
  // What they drop and add they drop and add while training.
  pointwise('Dropout'),
  pointwise('GaussianNoise'),
  pooling('MaxPooling2D'),
  pooling('AveragePooling2D'),
  globalPooling('GlobalAveragePooling2D'),
  globalPooling('GlobalMaxPooling2D'),
  kind('Flatten', z.strictObject({ data_format: channelsLast.nullish() }), (_, [input]) => ({
    output: flattened(input as Shape),
  })),
  kind('Reshape', z.strictObject({ target_shape: z.array(count).min(1).max(3) }), ({ target_shape }, [input]) => ({
    output: reshaped(input as Shape, target_shape),
  })),
  kind(
    'ZeroPadding2D',
    z.strictObject({
      padding: z.tuple([
        z.tuple([z.int().min(0).max(256), z.int().min(0).max(256)]),
        z.tuple([z.int().min(0).max(256), z.int().min(0).max(256)]),
      ]),
      data_format: channelsLast,
    }),
    ({ padding: [[top, bottom], [left, right]] }, [input]) => {
      const [height, width, channels] = sides(input);
      return { output: [height + top + bottom, width + left + right, channels] };
    },
  ),
  merging('Add'),
  merging('Multiply'),
  merging('Average'),
  merging('Maximum'),
  kind(
    'Concatenate',
    z.strictObject({ axis: z.literal(-1).default(-1) }),
    (_, inputs) => ({ output: concatenatedAlong(inputs, -1) }),
    true,
  ),
];
