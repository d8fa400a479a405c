/**
 * The operators that a GraphModel may have, and the shapes that they make: so that everything is computed from the file before anything
 * is allocated. Shapes are with a batch of two images; of small tensors of whole numbers, which decide shapes, the numbers are known.
 *
 * Each is differentiable in TensorFlow.js on every backend, or works on shapes.
 */
import type { Attributes } from './attributes.ts';
import { broadcast, concatenatedAlong, product, reducedAlong, reshapedTo, type Shape, windowed } from './shapes.ts';

export interface GraphValue {
  readonly shape: Shape;
  /** The numbers themselves, of a small tensor of whole numbers. */
  readonly numbers?: readonly number[];
}

type Describe = (inputs: readonly GraphValue[], attributes: Attributes) => GraphValue;

export interface GraphOp {
  readonly op: string;
  /** How many inputs it takes. */
  readonly inputs: { readonly least: number; readonly most: number };
  /** @throws Error when inputs or settings do not fit; its message ends "the node … cannot run: …" */
  readonly describe: Describe;
}

function fail(what: string): never {
  throw new Error(what);
}

function op(name: string, inputs: number, describe: Describe, most = inputs): GraphOp {
  return { op: name, inputs: { least: inputs, most }, describe };
}

const at = (inputs: readonly GraphValue[], index: number) => inputs[index] as GraphValue;

/** Whole numbers that decide a shape: they must be known before the graph runs. */
function numbersOf(inputs: readonly GraphValue[], index: number, what: string): readonly number[] {
  return at(inputs, index).numbers ?? fail(`${what} is not known before it runs`);
}

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
  if (attributes.ints('dilations', [1, 1, 1, 1]).some((dilation) => dilation !== 1)) fail('its dilations are not 1');
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
  return op(name, 2, (inputs, attributes) => {
    const axes = numbersOf(inputs, 1, 'which axes it goes along');
    return { shape: reducedAlong(at(inputs, 0).shape, axes, attributes.flag('keep_dims')) };
  });
}

/** The numbers from begin to end, which is how a graph takes the batch out of a shape. */
const sliced: Describe = (inputs, attributes) => {
  const numbers = numbersOf(inputs, 0, 'what it takes a part of, other than a shape,');
  const [begin, end, stride] = [1, 2, 3].map((i) => numbersOf(inputs, i, 'which part it takes')[0]);
  const masks = ['begin_mask', 'end_mask', 'shrink_axis_mask'].map((name) => attributes.int(name, 0));
  const others = ['ellipsis_mask', 'new_axis_mask'].some((name) => attributes.int(name, 0) !== 0);
  if (at(inputs, 0).shape.length !== 1 || stride !== 1 || others) fail('it takes more than a run of numbers');
  const [fromStart, toEnd, single] = masks.map((mask) => (mask & 1) === 1);
  const first = fromStart ? 0 : (begin as number);
  const part = single ? numbers.slice(first, first + 1 || undefined) : numbers.slice(first, toEnd ? undefined : end);
  return { shape: single ? [] : [part.length], numbers: part };
};

export const graphOps: readonly GraphOp[] = [
  op('Identity', 1, ([input]) => input as GraphValue),
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
  op('Reshape', 2, (inputs) => ({
    shape: reshapedTo(at(inputs, 0).shape, numbersOf(inputs, 1, 'the shape that it makes')),
  })),
  op('Squeeze', 1, ([input], attributes) => {
    const { shape } = input as GraphValue;
    const axes = attributes.ints('squeeze_dims', []).map((axis) => (axis < 0 ? axis + shape.length : axis));
    if (axes.length === 0 || axes.some((axis) => shape[axis] !== 1)) fail(`it drops axes of [${shape}] that are not 1`);
    return { shape: shape.filter((_, axis) => !axes.includes(axis)) };
  }),
  op('ExpandDims', 2, (inputs) => {
    const [{ shape }, [axis = 0]] = [at(inputs, 0), numbersOf(inputs, 1, 'where it puts an axis')];
    const place = axis < 0 ? axis + shape.length + 1 : axis;
    if (place < 0 || place > shape.length || shape.length > 4) fail(`it puts an axis at ${axis} of [${shape}]`);
    return { shape: [...shape.slice(0, place), 1, ...shape.slice(place)] };
  }),
  op('Transpose', 2, (inputs) => {
    const [{ shape }, order] = [at(inputs, 0), numbersOf(inputs, 1, 'the order of its axes')];
    if (order.toSorted().join() !== shape.map((_, axis) => axis).join()) fail(`[${order}] is no order of [${shape}]`);
    return { shape: order.map((axis) => shape[axis] as number) };
  }),
  op(
    'ConcatV2',
    2,
    (inputs) => {
      const [axis = 0] = numbersOf(inputs, inputs.length - 1, 'the axis that it joins along');
      const tensors = inputs.slice(0, -1);
      const shape = concatenatedAlong(
        tensors.map((tensor) => tensor.shape),
        axis,
      );
      const known = shape.length === 1 && tensors.every(({ numbers }) => numbers !== undefined);
      return { shape, ...(known && { numbers: tensors.flatMap(({ numbers = [] }) => numbers) }) };
    },
    64,
  ),
  op('Pad', 2, (inputs) => {
    const [{ shape }, pads] = [at(inputs, 0), numbersOf(inputs, 1, 'how much it adds')];
    if (pads.length !== 2 * shape.length || pads.some((n) => n < 0 || n > 4096))
      fail('it adds less than 0 or over 4096');
    return { shape: shape.map((side, axis) => side + (pads[2 * axis] as number) + (pads[2 * axis + 1] as number)) };
  }),
  op('Shape', 1, ([input]) => {
    const { shape } = input as GraphValue;
    return { shape: [shape.length], numbers: shape };
  }),
  op('StridedSlice', 4, sliced),
  op(
    'Pack',
    1,
    (inputs, attributes) => {
      if (attributes.int('axis', 0) !== 0 || inputs.some(({ shape }) => shape.length > 0))
        fail('it packs more than numbers');
      return { shape: [inputs.length], numbers: inputs.flatMap((_, i) => numbersOf(inputs, i, 'one of its numbers')) };
    },
    16,
  ),
  op('Prod', 2, (inputs, attributes) => {
    const numbers = numbersOf(inputs, 0, 'what it multiplies');
    const axes = numbersOf(inputs, 1, 'which axes it goes along');
    if (attributes.flag('keep_dims') || axes.join() !== '0') fail('it multiplies other than all numbers');
    return { shape: [], numbers: [product(numbers)] };
  }),
];
