/** Shapes of operators that work value by value on two tensors, the smaller of which is repeated. */
import * as tf from '@tensorflow/tfjs';
import type { Call } from './op.ts';
import {
  allowed,
  channelsLast,
  deviceValue,
  dimsOf,
  type HostValue,
  hostValue,
  type Kind,
  moved,
  plain,
  sizeOf,
  toLast,
  type Value,
} from './value.ts';

export function broadcastDims(call: Call, a: readonly number[], b: readonly number[]): number[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => {
    const one = a[i - rank + a.length] ?? 1;
    const other = b[i - rank + b.length] ?? 1;
    if (one === other || other === 1) return one;
    if (one === 1) return other;
    return call.refuse(`shapes [${a}] and [${b}] do not go together`);
  });
}

/** One of two values, both on the host, computed there. */
export function combineOnHost(
  call: Call,
  kind: Kind,
  a: HostValue,
  b: HostValue,
  combine: (one: number, other: number) => number,
): HostValue {
  const dims = broadcastDims(call, a.dims, b.dims);
  const [one, other] = [repeated(a, dims), repeated(b, dims)];
  const size = sizeOf(dims);
  return hostValue(
    kind,
    dims,
    Float64Array.from({ length: size }, (_, i) => combine(one(i), other(i))),
  );
}

/** Reads a value as if it had a larger shape. */
export function repeated({ dims: own, data }: HostValue, dims: readonly number[]): (index: number) => number {
  if (data.length === 1) return () => data[0] as number;
  if (data.length === sizeOf(dims)) return (index) => data[index] as number;
  const steps: [period: number, length: number, stride: number][] = [];
  let [period, stride] = [1, 1];
  for (let axis = dims.length - 1; axis >= 0; axis--) {
    const length = own[axis - dims.length + own.length] ?? 1;
    if (length > 1) steps.push([period, length, stride]);
    period *= dims[axis] as number;
    stride *= length;
  }
  return (index) => {
    let at = 0;
    for (const [each, length, step] of steps) at += (Math.floor(index / each) % length) * step;
    return data[at] as number;
  };
}

/** Tensors of values whose shapes are to be broadcast against each other, all in one order of axes. */
export function aligned(values: readonly Value[]): { tensors: tf.Tensor[]; last: boolean } {
  const rank = Math.max(...values.map((value) => dimsOf(value).length));
  const last = rank > 2 && values.some((value) => value.on === 'device' && value.last && value.tensor.rank === rank);
  return { tensors: values.map((value) => (last ? asLast(value, rank) : plain(value))), last };
}

function asLast(value: Value, rank: number): tf.Tensor {
  const dims = dimsOf(value);
  if (dims.length === rank) return channelsLast(value);
  const tensor = plain(value);
  if (sizeOf(dims) === 1) return tf.reshape(tensor, []);
  const wide = tf.reshape(tensor, [...Array(rank - dims.length).fill(1), ...dims]);
  return moved(wide, toLast(rank));
}

/** An operator on several tensors, value by value. */
export function combineOnDevice(values: readonly Value[], kind: Kind, combine: (...tensors: tf.Tensor[]) => tf.Tensor) {
  const { tensors, last } = aligned(values);
  allowed(
    tensors.map(({ shape }) => shape).reduce((one, other) => tf.backend_util.assertAndGetBroadcastShape(one, other)),
  );
  return deviceValue(combine(...tensors), last, kind);
}
