/** Parts of tensors, and tensors of parts. */
import * as tf from '@tensorflow/tfjs';
import { joined, picked } from '../host-shape.ts';
import { axesOf, axisOf, type Op, rankOf } from '../op.ts';
import {
  allowed,
  channelsLast,
  deviceValue,
  dimsOf,
  type HostValue,
  hostValue,
  lastAxis,
  plain,
  type Value,
} from '../value.ts';
import { everyOther } from './pooling.ts';

/** A tensor as it lies, and where an axis of the graph is in it. */
function lying(x: Value): { tensor: tf.Tensor; last: boolean; place: (axis: number) => number } {
  const last = x.on === 'device' && x.last;
  const tensor = last ? (x.tensor as tf.Tensor) : plain(x);
  return { tensor, last, place: (axis) => (last ? lastAxis(axis, tensor.rank) : axis) };
}

const concat: Op = {
  type: 'Concat',
  domain: '',
  attributes: ['axis'],
  run(call) {
    const values = call.inputs
      .map((_, i) => call.input(i))
      .filter((value, _, all) => all.length === 1 || !isEmpty(value));
    const [first] = values as [Value, ...Value[]];
    const rank = rankOf(first);
    const axis = axisOf(call, call.int('axis', 0), rank);
    if (
      values.every((value): value is HostValue => value.on === 'host') &&
      values.every(({ data }) => data.length < 1024)
    ) {
      return joined(values, axis);
    }
    const last = values.some((value) => value.on === 'device' && value.last);
    const tensors = values.map((value) => (last ? channelsLast(value) : plain(value)));
    return deviceValue(tf.concat(tensors, last ? lastAxis(axis, rank) : axis), last, first.kind);
  },
};

function isEmpty(value: Value): boolean {
  return dimsOf(value).includes(0);
}

const split: Op = {
  type: 'Split',
  domain: '',
  attributes: ['axis', 'num_outputs', 'split'],
  run(call) {
    const x = call.input(0);
    const dims = dimsOf(x);
    const axis = axisOf(call, call.int('axis', 0), dims.length);
    const length = dims[axis] as number;
    const count = call.node.outputs.length;
    const each = Math.ceil(length / count);
    const even = Array.from({ length: count }, (_, i) => Math.min(each, length - i * each));
    const sizes = call.ints('split') ?? call.numbers(1) ?? even;
    if (sizes.length !== count || sizes.reduce((sum, one) => sum + one, 0) !== length || sizes.some((one) => one < 0)) {
      call.refuse(`axis ${axis} of [${dims}] in parts of ${sizes}`);
    }
    let start = 0;
    return sizes.map((one) => {
      const part = sliced(x, [{ axis, start, end: start + one, step: 1 }]);
      start += one;
      return part;
    });
  },
};

interface Cut {
  readonly axis: number;
  readonly start: number;
  readonly end: number;
  readonly step: number;
}

/** The values from `start` to `end`, every `step`-th, of some axes. */
function sliced(x: Value, cuts: readonly Cut[]): Value {
  const count = ({ start, end, step }: Cut) => Math.max(0, Math.ceil((end - start) / step));
  if (x.on === 'host') {
    const dims = x.dims.map((length, axis) => {
      const cut = cuts.find((one) => one.axis === axis);
      return cut === undefined ? length : count(cut);
    });
    return picked(x, dims, (index) =>
      index.map((i, axis) => {
        const cut = cuts.find((one) => one.axis === axis);
        return cut === undefined ? i : cut.start + i * cut.step;
      }),
    );
  }
  const { tensor, last, place } = lying(x);
  let part = tensor;
  for (const cut of cuts) {
    const axis = place(cut.axis);
    const turned = cut.step < 0 ? tf.reverse(part, axis) : part;
    const length = part.shape[axis] as number;
    const begin = part.shape.map((_, i) => (i === axis ? (cut.step < 0 ? length - 1 - cut.start : cut.start) : 0));
    const step = Math.abs(cut.step);
    const span = Math.max(0, (count(cut) - 1) * step + 1);
    const size = part.shape.map((side, i) => (i === axis ? (count(cut) === 0 ? 0 : span) : side));
    const whole = tf.slice(turned, begin, size);
    part =
      step === 1
        ? whole
        : everyOther(
            whole,
            whole.shape.map((_, i) => (i === axis ? step : 1)),
          );
  }
  return deviceValue(part, last, x.kind);
}

const slice: Op = {
  type: 'Slice',
  domain: '',
  attributes: [],
  run(call) {
    const x = call.input(0);
    const dims = dimsOf(x);
    const [starts, ends] = [call.numbers(1), call.numbers(2)];
    if (starts === null || ends === null || starts.length !== ends.length)
      return call.refuse('starts and ends do not go together');
    const axes = axesOf(call, call.numbers(3) ?? [...starts.keys()], dims.length);
    const steps = call.numbers(4) ?? starts.map(() => 1);
    if (axes.length !== starts.length || steps.length !== starts.length || steps.includes(0)) {
      call.refuse(`axes [${axes}] and steps [${steps}] for ${starts.length} starts`);
    }
    const cuts = axes.map((axis, i) => {
      const length = dims[axis] as number;
      const step = steps[i] as number;
      const within = (value: number) => (value < 0 ? value + length : value);
      const clamp = (value: number, low: number, high: number) => Math.min(high, Math.max(low, within(value)));
      const [start, end] = [starts[i] as number, ends[i] as number];
      return step > 0
        ? { axis, step, start: clamp(start, 0, length), end: clamp(end, 0, length) }
        : { axis, step, start: clamp(start, 0, length - 1), end: clamp(end, -1, length - 1) };
    });
    return sliced(x, cuts);
  },
};

/** With so many indices parts are put together one by one, which has a gradient on every backend. */
const FEW = 256;

const gather: Op = {
  type: 'Gather',
  domain: '',
  attributes: ['axis'],
  run(call) {
    const x = call.input(0);
    const indices = call.input(1);
    const dims = dimsOf(x);
    const axis = axisOf(call, call.int('axis', 0), dims.length);
    if (indices.on === 'device') {
      return deviceValue(tf.gather(plain(x), tf.cast(indices.tensor, 'int32'), axis), false, x.kind);
    }
    const length = dims[axis] as number;
    const places = Array.from(indices.data, (index) => axisOf(call, index, length));
    const wanted = allowed([...dims.slice(0, axis), ...indices.dims, ...dims.slice(axis + 1)]);
    if (x.on === 'host' && x.data.length < 1_000_000) {
      const { length: more } = indices.dims;
      const flat = picked(x, [...dims.slice(0, axis), places.length, ...dims.slice(axis + 1)], (index) =>
        index.map((i, at) => (at === axis ? (places[i] as number) : i)),
      );
      return more === 1 ? flat : hostValue(x.kind, wanted, flat.data);
    }
    return deviceValue(tf.reshape(taken(plain(x), axis, places), wanted), false, x.kind);
  },
};

/** The slices at some places of an axis, side by side. */
function taken(x: tf.Tensor, axis: number, places: readonly number[]): tf.Tensor {
  if (places.length > FEW) return tf.gather(x, tf.tensor1d(Int32Array.from(places), 'int32'), axis);
  const parts = runs(places).map(([start, count]) => {
    const begin = x.shape.map((_, i) => (i === axis ? start : 0));
    return tf.slice(
      x,
      begin,
      x.shape.map((side, i) => (i === axis ? count : side)),
    );
  });
  return parts.length === 1 ? (parts[0] as tf.Tensor) : tf.concat(parts, axis);
}

/** Columns of a matrix, as scikit-learn's exporter picks them. */
const arrayFeatureExtractor: Op = {
  type: 'ArrayFeatureExtractor',
  domain: 'ai.onnx.ml',
  attributes: [],
  run(call) {
    const x = call.tensor(0);
    const last = x.rank - 1;
    const places = (call.numbers(1) ?? call.refuse('the indices are missing')).map((index) =>
      axisOf(call, index, x.shape[last] as number),
    );
    return deviceValue(taken(x, last, places), false, call.input(0).kind);
  },
};

/** Indices that follow each other, as the first of them and how many they are. */
function runs(places: readonly number[]): [start: number, count: number][] {
  const found: [number, number][] = [];
  for (const place of places) {
    const before = found.at(-1);
    if (before !== undefined && place === before[0] + before[1]) before[1]++;
    else found.push([place, 1]);
  }
  return found;
}

/** Rows that a pad may repeat on one side: each takes a step of its own. */
const MOST_REPEATED = 1024;

const pad: Op = {
  type: 'Pad',
  domain: '',
  attributes: ['mode'],
  run(call) {
    const x = call.input(0);
    const dims = dimsOf(x);
    const pads = call.numbers(1) ?? call.refuse('the pads are missing');
    const axes = axesOf(call, call.numbers(3) ?? [...dims.keys()], dims.length);
    if (pads.length !== 2 * axes.length) call.refuse(`${pads.length} pads for ${axes.length} axes`);
    const mode = call.string('mode', 'constant', ['constant', 'reflect', 'edge', 'wrap']);
    const filling = call.numbers(2)?.[0] ?? 0;
    const wanted = [...dims];
    for (const [i, axis] of axes.entries()) {
      const sides = [pads[i] as number, pads[i + axes.length] as number] as const;
      wanted[axis] = sides.reduce((side, more) => Math.max(0, side + more), wanted[axis] as number);
      if (mode !== 'constant' && Math.max(...sides) > MOST_REPEATED)
        call.refuse(`pads of ${Math.max(...sides)} in mode ${mode}; supported are at most ${MOST_REPEATED}`);
    }
    allowed(wanted);
    const { tensor, last, place } = lying(x);
    let result = tensor;
    for (const [i, axis] of axes.entries()) {
      const [before, after] = [pads[i] as number, pads[i + axes.length] as number];
      result = paddedAlong(result, place(axis), before, after, mode, filling);
    }
    return deviceValue(result, last, x.kind);
  },
};

function paddedAlong(
  x: tf.Tensor,
  axis: number,
  before: number,
  after: number,
  mode: string,
  filling: number,
): tf.Tensor {
  const length = x.shape[axis] as number;
  const part = (start: number, count: number) =>
    tf.slice(
      x,
      x.shape.map((_, i) => (i === axis ? start : 0)),
      x.shape.map((side, i) => (i === axis ? count : side)),
    );
  const cut = { start: Math.max(0, -before), end: length + Math.min(0, after) };
  if (before < 0 || after < 0) {
    const kept = part(cut.start, Math.max(0, cut.end - cut.start));
    return paddedAlong(kept, axis, Math.max(0, before), Math.max(0, after), mode, filling);
  }
  if (before === 0 && after === 0) return x;
  if (mode === 'constant') {
    const sides = x.shape.map((_, i) => (i === axis ? [before, after] : [0, 0]) as [number, number]);
    return tf.pad(x, sides, filling);
  }
  // Where each new place comes from: runs that go up or down, or stand still.
  const source = (at: number): number => {
    if (mode === 'edge') return Math.min(length - 1, Math.max(0, at));
    if (mode === 'wrap') return ((at % length) + length) % length;
    const period = Math.max(1, 2 * (length - 1));
    const folded = ((at % period) + period) % period;
    return folded < length ? folded : period - folded;
  };
  const places = [...Array(before).keys()].map((i) => source(i - before));
  const tail = [...Array(after).keys()].map((i) => source(length + i));
  return tf.concat([...places.map((at) => part(at, 1)), x, ...tail.map((at) => part(at, 1))], axis);
}

export const selections: readonly Op[] = [concat, split, slice, gather, arrayFeatureExtractor, pad];
