/**
 * The operators that a GraphModel may have, and the shapes that they make: so that everything is computed from the file before anything
 * is allocated. Shapes are with a batch of two images; of small tensors of whole numbers, which decide shapes, the numbers are known.
 *
 * Each is differentiable in TensorFlow.js on every backend, or works on shapes.
 */
import type { Attributes } from './attributes.ts';
import { at, type Describe, fail, type GraphOp, type GraphValue, numbersOf, op } from './graph-op.ts';
import { shapeOps } from './graph-shape-ops.ts';
import { broadcast, reducedAlong, type Shape, windowed } from './shapes.ts';

function pointwise(name: string, numbers: readonly string[] = []): GraphOp {
  return op(name, 1, ([input], attributes) => {
    for (const setting of numbers) attributes.number(setting, 0.2);
    return { shape: (input as GraphValue).shape };
  });
}

function binary(name: string): GraphOp {
  return op(name, 2, (inputs) => ({ shape: broadcast(at(inputs, 0).shape, at(inputs, 1).shape) }));
}

/** Maps [batch, height, width, channels] that a window slides over. */
function slid(maps: Shape, window: readonly number[], attributes: Attributes): Shape {
  if (maps.length !== 4) fail(`it is given [${maps}]; wanted maps [batch, height, width, channels]`);
  attributes.text('data_format', ['NHWC']);
  const [first, ...strides] = attributes.ints('strides', [1, 1, 1, 1]);
  if (first !== 1 || strides.length !== 3 || strides[2] !== 1) fail('its strides are not [1, height, width, 1]');
  if (!strides.every((stride) => stride >= 1 && stride <= 4096)) fail('its strides are not between 1 and 4096');
  const padding = attributes.text('padding', ['VALID', 'SAME']) === 'SAME' ? 'same' : 'valid';
  if (attributes.ints('explicit_paddings', []).length > 0) fail('its padding is explicit');
  return windowed(maps.slice(1, 3), window, strides, padding);
}

const convolve: Describe = (inputs, attributes) => {
  const [maps, filter] = [at(inputs, 0).shape, at(inputs, 1).shape];
  if (filter.length !== 4 || filter[2] !== maps[3]) fail(`its filter is [${filter}] for maps [${maps}]`);
  // tfjs has no gradient of dilated convolutions.
  if (attributes.ints('dilations', [1, 1, 1, 1]).join() !== '1,1,1,1') fail('its dilations are not 1');
  return { shape: [maps[0] as number, ...slid(maps, filter, attributes), filter[3] as number] };
};

const multiply: Describe = (inputs, attributes) => {
  const [a, b] = [at(inputs, 0).shape, at(inputs, 1).shape];
  const turned = ([rows, columns]: Shape, turn: boolean) => (turn ? [columns, rows] : [rows, columns]);
  const [m, k] = turned(a, attributes.flag('transpose_a'));
  const [other, n] = turned(b, attributes.flag('transpose_b'));
  if (a.length !== 2 || b.length !== 2 || k !== other) fail(`[${a}] and [${b}] are no matrices to be multiplied`);
  return { shape: [m as number, n as number] };
};

/** An operator, a bias and perhaps an activation as one node. */
function fused(name: string, describe: Describe): GraphOp {
  return op(name, 3, (inputs, attributes) => {
    const value = describe(inputs, attributes);
    const [bias, activation, ...more] = attributes.texts('fused_ops', ['BiasAdd', 'Relu', 'Relu6', 'Elu']);
    if (bias !== 'BiasAdd' || activation === 'BiasAdd' || more.length > 0) {
      fail('it is fused with something other than a bias and an activation');
    }
    if (attributes.int('num_args', 1) !== 1) fail('its num_args is not 1');
    attributes.number('epsilon', 0);
    return biased(value, at(inputs, 2));
  });
}

function biased({ shape }: GraphValue, bias: GraphValue): GraphValue {
  if (bias.shape.length !== 1 || bias.shape[0] !== shape.at(-1)) fail(`its bias is [${bias.shape}] for [${shape}]`);
  return { shape };
}

function pool(name: string): GraphOp {
  return op(name, 1, ([input], attributes) => {
    const { shape } = input as GraphValue;
    const [first, ...window] = attributes.ints('ksize', []);
    if (first !== 1 || window.length !== 3 || window[2] !== 1 || !window.every((side) => side >= 1 && side <= 4096)) {
      fail('its ksize is not [1, height, width, 1]');
    }
    return { shape: [shape[0] as number, ...slid(shape, window, attributes), shape[3] as number] };
  });
}

function reduction(name: string): GraphOp {
  return op(
    name,
    2,
    (inputs, attributes) => {
      const axes = numbersOf(inputs, 1, 'which axes it goes along', [0, 1]);
      return { shape: reducedAlong(at(inputs, 0).shape, axes, attributes.flag('keep_dims')) };
    },
    { whole: [1] },
  );
}

export const graphOps: readonly GraphOp[] = [
  op('Identity', 1, ([input]) => input as GraphValue, { whole: 'any' }),
  op('Conv2D', 2, convolve),
  fused('_FusedConv2D', convolve),
  op('MatMul', 2, multiply),
  fused('_FusedMatMul', multiply),
  op('BiasAdd', 2, (inputs, attributes) => {
    attributes.text('data_format', ['NHWC']);
    return biased(at(inputs, 0), at(inputs, 1));
  }),
  ...['Add', 'AddV2', 'Sub', 'Mul', 'RealDiv', 'Maximum', 'Minimum', 'SquaredDifference'].map(binary),
  ...['Neg', 'Sqrt', 'Rsqrt', 'Square', 'Exp', 'Tanh', 'Sigmoid', 'Relu', 'Relu6', 'Selu', 'Elu', 'Softplus'].map(
    (name) => pointwise(name),
  ),
  pointwise('LeakyRelu', ['alpha']),
  pointwise('Softmax'),
  pool('MaxPool'),
  pool('AvgPool'),
  ...['Mean', 'Sum', 'Max'].map(reduction),
  op('FusedBatchNormV3', 5, (inputs, attributes) => {
    attributes.text('data_format', ['NHWC']);
    attributes.number('epsilon', 1e-4);
    if (attributes.flag('is_training')) fail('it takes its statistics from the images, as in training');
    for (const statistic of inputs.slice(1)) biased(at(inputs, 0), statistic);
    return { shape: at(inputs, 0).shape };
  }),
  ...shapeOps,
];
