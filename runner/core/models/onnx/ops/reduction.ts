/** Sums, means and extremes along axes. */
import * as tf from '@tensorflow/tfjs';
import { axesOf, axisOf, type Call, type Op } from '../op.ts';
import {
  type DeviceValue,
  deviceValue,
  dimsOf,
  flat,
  hostValue,
  lastAxis,
  plain,
  toEnd,
  type Value,
} from '../value.ts';

interface Reduction {
  device(x: tf.Tensor, axes: number[], keep: boolean): tf.Tensor;
  /** Of whole numbers on the host. */
  host?(values: readonly number[]): number;
}

const reductions: Readonly<Record<string, Reduction>> = {
  ReduceSum: { device: tf.sum, host: (values) => values.reduce((sum, value) => sum + value, 0) },
  ReduceMean: { device: tf.mean },
  ReduceMax: { device: tf.max, host: (values) => Math.max(...values) },
  ReduceMin: { device: tf.min, host: (values) => Math.min(...values) },
  ReduceProd: { device: tf.prod, host: (values) => values.reduce((product, value) => product * value, 1) },
  ReduceL1: { device: (x, axes, keep) => tf.sum(tf.abs(x), axes, keep) },
  ReduceL2: { device: (x, axes, keep) => tf.sqrt(tf.sum(tf.square(x), axes, keep)) },
  ReduceSumSquare: { device: (x, axes, keep) => tf.sum(tf.square(x), axes, keep) },
  ReduceLogSum: { device: (x, axes, keep) => tf.log(tf.sum(x, axes, keep)) },
  ReduceLogSumExp: { device: (x, axes, keep) => tf.logSumExp(x, axes, keep) },
};

/** The axes: an attribute, and since opset 13 (ReduceSum) or 18 an input. */
function reducedAxes(call: Call, rank: number): number[] | null {
  const axes = call.ints('axes') ?? call.numbers(1);
  if (axes !== null && axes.length > 0) return axesOf(call, axes, rank);
  return call.int('noop_with_empty_axes', 0) === 0 ? Array.from({ length: rank }, (_, i) => i) : null;
}

const reduceOps: Op[] = Object.entries(reductions).map(([type, { device, host }]) => ({
  type,
  domain: '',
  attributes: ['axes', 'keepdims', 'noop_with_empty_axes'],
  run(call) {
    const x = call.input(0);
    const dims = dimsOf(x);
    const axes = reducedAxes(call, dims.length);
    const keep = call.int('keepdims', 1) !== 0;
    if (axes === null) return x.on === 'host' ? hostValue(x.kind, x.dims, x.data) : x;
    if (x.on === 'host' && host !== undefined && axes.length === dims.length) {
      return hostValue(x.kind, keep ? dims.map(() => 1) : [], [host([...x.data])]);
    }
    return reduced(x, axes, keep, device);
  },
}));

function reduced(x: Value, axes: number[], keep: boolean, device: Reduction['device']): DeviceValue {
  const rank = dimsOf(x).length;
  if (x.on === 'device' && x.last && !axes.includes(0)) {
    const places = axes.map((axis) => lastAxis(axis, rank));
    const y = device(x.tensor, places, keep);
    // Without its channels the rest is in the graph's order; with them they stay where they are.
    return deviceValue(y, keep || !axes.includes(1), x.kind);
  }
  return deviceValue(device(plain(x), axes, keep), false, x.kind);
}

/** Where the extreme is; it has no gradient. */
function extreme(type: string, find: (x: tf.Tensor, axis: number) => tf.Tensor): Op {
  return {
    type,
    domain: '',
    attributes: ['axis', 'keepdims', 'select_last_index'],
    run(call) {
      if (call.int('select_last_index', 0) !== 0) call.refuse('the last of equal values is asked for');
      const x = call.tensor(0);
      const axis = axisOf(call, call.int('axis', 0), x.rank);
      const y = flat((tensor) => find(tensor as tf.Tensor, axis))(x);
      const kept = x.shape.map((length, i) => (i === axis ? 1 : length));
      return deviceValue(call.int('keepdims', 1) === 0 ? y : tf.reshape(y, kept), false, 'int');
    },
  };
}

/** Along the last axis: along any other the gradient of tfjs's own has its axes in the wrong order. */
const cumSum: Op = {
  type: 'CumSum',
  domain: '',
  attributes: ['exclusive', 'reverse'],
  run(call) {
    const x = call.tensor(0);
    const { order, back } = toEnd(axisOf(call, call.numbers(1)?.[0] ?? 0, x.rank), x.rank);
    // By its number: on wasm an axis counted from the end is read out of bounds.
    const sums = tf.cumsum(
      tf.transpose(x, order),
      x.rank - 1,
      call.int('exclusive', 0) !== 0,
      call.int('reverse', 0) !== 0,
    );
    return deviceValue(tf.transpose(sums, back), false, call.input(0).kind);
  },
};

/** The k largest or smallest along an axis, with a gradient to each: tfjs's own has none. */
const topK: Op = {
  type: 'TopK',
  domain: '',
  attributes: ['axis', 'largest', 'sorted'],
  run(call) {
    const x = call.tensor(0);
    const axis = axisOf(call, call.int('axis', -1), x.rank);
    const k = call.numbers(1)?.[0] ?? call.refuse('k is missing');
    const length = x.shape[axis] as number;
    if (k < 0 || k > length) call.refuse(`the ${k} largest of ${length}`);
    const { order, back } = toEnd(axis, x.rank);
    const turned = tf.transpose(x, order);
    const signed = call.int('largest', 1) === 0 ? tf.neg(turned) : turned;
    const indices = flat((tensor) => tf.topk(tensor as tf.Tensor, k, true).indices)(signed);
    const chosen = tf.oneHot(tf.cast(indices, 'int32'), length);
    const rows = tf.reshape(turned, [...turned.shape.slice(0, -1), 1, length]);
    const values = tf.sum(tf.mul(rows, tf.cast(chosen, 'float32')), -1);
    return [deviceValue(tf.transpose(values, back)), deviceValue(tf.transpose(indices, back), false, 'int')];
  },
};

export const reductionOps: readonly Op[] = [
  ...reduceOps,
  extreme('ArgMax', tf.argMax),
  extreme('ArgMin', tf.argMin),
  cumSum,
  topK,
];
