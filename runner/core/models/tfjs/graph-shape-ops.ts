/** Operators that turn, cut and join tensors, and those that reckon with their shapes. */
import { at, type Describe, fail, type GraphOp, type GraphValue, numbersOf, op } from './graph-op.ts';
import { concatenatedAlong, product, reshapedTo } from './shapes.ts';

/** The numbers from begin to end, which is how a graph takes the batch out of a shape. */
const sliced: Describe = (inputs, attributes) => {
  const numbers = numbersOf(inputs, 0, 'what it takes a part of, other than a shape,');
  const bounds = [1, 2, 3].map((i) => numbersOf(inputs, i, 'which part it takes'));
  const masks = ['begin_mask', 'end_mask', 'shrink_axis_mask'].map((name) => attributes.int(name, 0));
  const others = ['ellipsis_mask', 'new_axis_mask'].some((name) => attributes.int(name, 0) !== 0);
  const [[begin = 0], [end = 0], [stride]] = bounds as [number[], number[], number[]];
  const plain = bounds.every(({ length }) => length === 1) && masks.every((mask) => mask === 0 || mask === 1);
  if (!plain || stride !== 1 || others) fail('it takes more than a run of numbers');
  const [fromStart, toEnd, single] = masks.map((mask) => mask === 1);
  const first = fromStart ? 0 : begin;
  const part = single ? numbers.slice(first, first + 1 || undefined) : numbers.slice(first, toEnd ? undefined : end);
  if (part.length === 0) fail('it takes no number');
  return { shape: single ? [] : [part.length], whole: true, numbers: part };
};

export const shapeOps: readonly GraphOp[] = [
  op(
    'Reshape',
    2,
    (inputs) => ({ shape: reshapedTo(at(inputs, 0).shape, numbersOf(inputs, 1, 'the shape that it makes')) }),
    { whole: [1] },
  ),
  op('Squeeze', 1, ([input], attributes) => {
    const { shape } = input as GraphValue;
    const axes = attributes.ints('squeeze_dims', []).map((axis) => (axis < 0 ? axis + shape.length : axis));
    if (axes.length === 0 || axes.some((axis) => shape[axis] !== 1)) fail(`it drops axes of [${shape}] that are not 1`);
    return { shape: shape.filter((_, axis) => !axes.includes(axis)) };
  }),
  op(
    'ExpandDims',
    2,
    (inputs) => {
      const [{ shape }, [axis = 0]] = [at(inputs, 0), numbersOf(inputs, 1, 'where it puts an axis', [0])];
      const place = axis < 0 ? axis + shape.length + 1 : axis;
      if (place < 0 || place > shape.length || shape.length > 4) fail(`it puts an axis at ${axis} of [${shape}]`);
      return { shape: [...shape.slice(0, place), 1, ...shape.slice(place)] };
    },
    { whole: [1] },
  ),
  op(
    'Transpose',
    2,
    (inputs) => {
      const [{ shape }, order] = [at(inputs, 0), numbersOf(inputs, 1, 'the order of its axes')];
      if (order.toSorted().join() !== shape.map((_, axis) => axis).join()) fail(`[${order}] is no order of [${shape}]`);
      return { shape: order.map((axis) => shape[axis] as number) };
    },
    { whole: [1] },
  ),
  op(
    'ConcatV2',
    2,
    (inputs) => {
      const [axis = 0] = numbersOf(inputs, inputs.length - 1, 'the axis that it joins along', [0]);
      const tensors = inputs.slice(0, -1);
      const shape = concatenatedAlong(
        tensors.map((tensor) => tensor.shape),
        axis,
      );
      if (tensors.every(({ whole }) => whole === undefined)) return { shape };
      if (shape.length !== 1) fail('it joins other than floats, or runs of numbers');
      return { shape, whole: true, numbers: tensors.flatMap((_, i) => numbersOf(tensors, i, 'one of its parts')) };
    },
    { most: 64, whole: 'any' },
  ),
  op(
    'Pad',
    2,
    (inputs) => {
      const [{ shape }, pads] = [at(inputs, 0), numbersOf(inputs, 1, 'how much it adds', [2])];
      if (pads.length !== 2 * shape.length || pads.some((n) => n < 0 || n > 4096))
        fail('it adds less than 0 or over 4096');
      return { shape: shape.map((side, axis) => side + (pads[2 * axis] as number) + (pads[2 * axis + 1] as number)) };
    },
    { whole: [1] },
  ),
  op(
    'Shape',
    1,
    ([input]) => {
      const { shape } = input as GraphValue;
      return { shape: [shape.length], whole: true, numbers: shape };
    },
    { whole: 'any' },
  ),
  op('StridedSlice', 4, sliced, { whole: 'any' }),
  op(
    'Pack',
    1,
    (inputs, attributes) => {
      if (attributes.int('axis', 0) !== 0 || inputs.some(({ shape }) => shape.length > 0))
        fail('it packs more than numbers');
      return {
        shape: [inputs.length],
        whole: true,
        numbers: inputs.flatMap((_, i) => numbersOf(inputs, i, 'one of its numbers', [0])),
      };
    },
    { most: 16, whole: 'any' },
  ),
  op(
    'Prod',
    2,
    (inputs, attributes) => {
      const numbers = numbersOf(inputs, 0, 'what it multiplies');
      const axes = numbersOf(inputs, 1, 'which axes it goes along');
      if (attributes.flag('keep_dims') || axes.join() !== '0') fail('it multiplies other than all numbers');
      return { shape: [], whole: true, numbers: [product(numbers)] };
    },
    { whole: 'any' },
  ),
];
