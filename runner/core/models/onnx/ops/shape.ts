/** Operators on the shape of a tensor: what it is, and the same values in another one. */
import * as tf from '@tensorflow/tfjs';
import { picked } from '../host-shape.ts';
import { axesOf, type Call, type Op, rankOf } from '../op.ts';
import {
  allowed,
  deviceValue,
  dimsOf,
  fromLast,
  hostValue,
  moved,
  plain,
  sizeOf,
  toLast,
  type Value,
} from '../value.ts';

/** The same values in another shape. */
function shaped(x: Value, dims: readonly number[]): Value {
  if (x.on === 'host') return hostValue(x.kind, dims, x.data);
  const [images, channels, ...rest] = dims;
  const own = dimsOf(x);
  // Of maps that become lines of values, or the other way round, the channels stay where they lie.
  if (x.last && rest.length > 0 && images === own[0] && channels === own[1]) {
    return deviceValue(tf.reshape(x.tensor, [images, ...rest, channels] as number[]), true, x.kind);
  }
  return deviceValue(tf.reshape(plain(x), [...dims]), false, x.kind);
}

const shape: Op = {
  type: 'Shape',
  domain: '',
  attributes: ['end', 'start'],
  run(call) {
    const dims = dimsOf(call.input(0));
    const some = dims.slice(call.int('start', 0), call.int('end', dims.length));
    return hostValue('int', [some.length], some);
  },
};

const size: Op = {
  type: 'Size',
  domain: '',
  attributes: [],
  run: (call) => hostValue('int', [], [sizeOf(dimsOf(call.input(0)))]),
};

const reshape: Op = {
  type: 'Reshape',
  domain: '',
  attributes: ['allowzero'],
  run(call) {
    const x = call.input(0);
    return shaped(x, reshapedDims(call, dimsOf(x)));
  },
};

/**
 * Lengths that a Reshape gives.
 * @param own those of what it is given
 */
export function reshapedDims(call: Call, own: readonly number[]): number[] {
  const literally = call.int('allowzero', 0) !== 0;
  const wanted = call.numbers(1) ?? call.refuse('the shape is missing');
  const dims = wanted.map((length, i) => (length === 0 && !literally ? (own[i] ?? 0) : length));
  const open = dims.indexOf(-1);
  const known = sizeOf(dims.filter((length) => length !== -1));
  if (open >= 0) dims[open] = known === 0 ? 0 : sizeOf(own) / known;
  if (sizeOf(allowed(dims)) !== sizeOf(own)) call.refuse(`[${own}] as [${wanted}]`);
  return dims;
}

const flatten: Op = {
  type: 'Flatten',
  domain: '',
  attributes: ['axis'],
  run(call) {
    const x = call.input(0);
    const dims = dimsOf(x);
    const axis = call.int('axis', 1);
    const at = axis < 0 ? axis + dims.length : axis;
    if (at < 0 || at > dims.length) call.refuse(`axis ${axis} of a tensor with ${dims.length}`);
    return shaped(x, [sizeOf(dims.slice(0, at)), sizeOf(dims.slice(at))]);
  },
};

const squeeze: Op = {
  type: 'Squeeze',
  domain: '',
  attributes: ['axes'],
  run(call) {
    const x = call.input(0);
    const dims = dimsOf(x);
    const given = call.ints('axes') ?? call.numbers(1);
    const axes =
      given === null ? [...dims.keys()].filter((axis) => dims[axis] === 1) : axesOf(call, given, dims.length);
    const long = axes.find((axis) => dims[axis] !== 1);
    if (long !== undefined) call.refuse(`axis ${long} of [${dims}] is not of length 1`);
    return shaped(
      x,
      dims.filter((_, axis) => !axes.includes(axis)),
    );
  },
};

const unsqueeze: Op = {
  type: 'Unsqueeze',
  domain: '',
  attributes: ['axes'],
  run(call) {
    const x = call.input(0);
    const given = call.ints('axes') ?? call.numbers(1) ?? call.refuse('the axes are missing');
    const rank = rankOf(x) + given.length;
    const axes = axesOf(call, given, rank);
    const left = [...dimsOf(x)];
    return shaped(
      x,
      Array.from({ length: rank }, (_, axis) => (axes.includes(axis) ? 1 : (left.shift() as number))),
    );
  },
};

const transpose: Op = {
  type: 'Transpose',
  domain: '',
  attributes: ['perm'],
  run(call) {
    const x = call.input(0);
    const rank = rankOf(x);
    const order = axesOf(call, call.ints('perm') ?? Array.from({ length: rank }, (_, i) => rank - 1 - i), rank);
    if (order.length !== rank) call.refuse(`perm [${order}] of a tensor with ${rank} axes`);
    if (x.on === 'host') {
      const dims = order.map((axis) => x.dims[axis] as number);
      return picked(x, dims, (index) => x.dims.map((_, axis) => index[order.indexOf(axis)] as number));
    }
    // Channels to the end and back change nothing where they lie there already, or may as well.
    if (rank > 2 && x.last && String(order) === String(toLast(rank))) return deviceValue(x.tensor, false, x.kind);
    if (rank > 2 && !x.last && String(order) === String(fromLast(rank))) return deviceValue(x.tensor, true, x.kind);
    return deviceValue(moved(plain(x), order), false, x.kind);
  },
};

const expand: Op = {
  type: 'Expand',
  domain: '',
  attributes: [],
  run(call) {
    const x = call.input(0);
    const own = dimsOf(x);
    const wanted = call.numbers(1) ?? call.refuse('the shape is missing');
    const dims = allowed(tf.backend_util.assertAndGetBroadcastShape([...own], wanted));
    if (x.on === 'host' && sizeOf(dims) < 1024) {
      return picked(x, dims, (index) =>
        own.map((length, axis) => (length === 1 ? 0 : (index[axis + dims.length - own.length] as number))),
      );
    }
    return deviceValue(tf.broadcastTo(plain(x), dims), false, x.kind);
  },
};

const tile: Op = {
  type: 'Tile',
  domain: '',
  attributes: [],
  run(call) {
    const x = call.input(0);
    const dims = dimsOf(x);
    const repeats = call.numbers(1) ?? call.refuse('the repeats are missing');
    if (repeats.length !== dims.length) call.refuse(`repeats [${repeats}] of a tensor with ${dims.length} axes`);
    const longer = allowed(dims.map((length, axis) => length * (repeats[axis] as number)));
    if (x.on === 'host') return picked(x, longer, (index) => index.map((i, axis) => i % (dims[axis] as number)));
    const tiled = repeats.reduce<tf.Tensor>(
      (tensor, count, axis) => (count === 1 ? tensor : tf.concat(Array<tf.Tensor>(count).fill(tensor), axis)),
      plain(x),
    );
    return deviceValue(tiled, false, x.kind);
  },
};

/** Blocks of values from channels, or to them. */
function blocks(type: string, arrange: (call: Call, dims: readonly number[], side: number) => Arrangement): Op {
  return {
    type,
    domain: '',
    attributes: ['blocksize', 'mode'],
    run(call) {
      const x = call.tensor(0);
      const side = call.int('blocksize', 0);
      if (x.rank !== 4 || side < 1) call.refuse(`blocks of ${side} in a tensor of [${x.shape}]`);
      const { split, order, dims } = arrange(call, x.shape, side);
      if (![...split, ...dims].every(Number.isInteger)) call.refuse(`blocks of ${side} in a tensor of [${x.shape}]`);
      return deviceValue(tf.reshape(tf.transpose(tf.reshape(x, split), order), dims));
    },
  };
}

interface Arrangement {
  readonly split: number[];
  readonly order: number[];
  readonly dims: number[];
}

const depthToSpace = blocks('DepthToSpace', (call, dims, side) => {
  const [n, c, h, w] = dims as [number, number, number, number];
  const fewer = c / side ** 2;
  const result = [n, fewer, h * side, w * side];
  if (call.string('mode', 'DCR', ['DCR', 'CRD']) === 'DCR') {
    return { split: [n, side, side, fewer, h, w], order: [0, 3, 4, 1, 5, 2], dims: result };
  }
  return { split: [n, fewer, side, side, h, w], order: [0, 1, 4, 2, 5, 3], dims: result };
});

const spaceToDepth = blocks('SpaceToDepth', (_call, dims, side) => {
  const [n, c, h, w] = dims as [number, number, number, number];
  return {
    split: [n, c, h / side, side, w / side, side],
    order: [0, 3, 5, 1, 2, 4],
    dims: [n, c * side ** 2, h / side, w / side],
  };
});

export const shapes: readonly Op[] = [
  shape,
  size,
  reshape,
  flatten,
  squeeze,
  unsqueeze,
  transpose,
  expand,
  tile,
  depthToSpace,
  spaceToDepth,
];
