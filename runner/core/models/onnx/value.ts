/**
 * What flows through a graph. Whole numbers that say how to compute (shapes, axes, indices) are kept on the host, in plain arrays;
 * what is computed with is a tensor. A tensor of images may lie with its channels last, as tfjs wants them, while the graph speaks of
 * channels first; its dimensions are always told as the graph speaks of them.
 */
import * as tf from '@tensorflow/tfjs';
import { limits } from './limits.ts';
import { refuse } from './refuse.ts';

export type Kind = 'float' | 'int' | 'bool';

export interface HostValue {
  readonly on: 'host';
  readonly kind: Kind;
  readonly dims: readonly number[];
  /** Float32Array of floats, else Float64Array. */
  readonly data: Float32Array | Float64Array;
  /** Of a constant, once it was needed as a tensor. */
  kept?: tf.Tensor;
  /** Whether it is the same in every run. */
  constant: boolean;
}

export interface DeviceValue {
  readonly on: 'device';
  readonly kind: Kind;
  readonly tensor: tf.Tensor;
  /** Whether the tensor's axes are those of `dims` with the second one moved to the end. */
  readonly last: boolean;
  constant: boolean;
}

export type Value = HostValue | DeviceValue;

export function hostValue(kind: Kind, dims: readonly number[], data: ArrayLike<number>): HostValue {
  const Numbers = kind === 'float' ? Float32Array : Float64Array;
  return { on: 'host', kind, dims, data: data instanceof Numbers ? data : Numbers.from(data), constant: false };
}

export function deviceValue(tensor: tf.Tensor, last = false, kind: Kind = 'float'): DeviceValue {
  return { on: 'device', kind, tensor, last: last && tensor.rank > 2, constant: false };
}

/** Lengths as the graph has them. */
export function dimsOf(value: Value): readonly number[] {
  if (value.on === 'host') return value.dims;
  const { shape } = value.tensor;
  if (!value.last) return shape;
  return [shape[0] as number, shape.at(-1) as number, ...shape.slice(1, -1)];
}

export function sizeOf(dims: readonly number[]): number {
  return dims.reduce((product, length) => product * length, 1);
}

/** Refuses what would take more room than any classifier needs. */
export function allowed<T extends readonly number[]>(dims: T): T {
  if (dims.length > limits.rank || dims.some((length) => !Number.isSafeInteger(length) || length < 0))
    refuse(`a shape of [${dims}]`);
  // The first of several axes is the images.
  const perImage = sizeOf(dims.length > 1 ? dims.slice(1) : dims);
  if (sizeOf(dims) > limits.elements || perImage > limits.perImage) {
    refuse(`a tensor of [${dims}] has over ${limits.perImage} values of an image, or over ${limits.elements} in all`);
  }
  return dims;
}

/** Where an axis of the graph lies in a tensor with channels last. */
export function lastAxis(axis: number, rank: number): number {
  return axis === 0 ? 0 : axis === 1 ? rank - 1 : axis - 1;
}

/** The permutations that move channels to the end and back. */
export function toLast(rank: number): number[] {
  return [0, ...Array.from({ length: rank - 2 }, (_, i) => i + 2), 1];
}

export function fromLast(rank: number): number[] {
  return [0, rank - 1, ...Array.from({ length: rank - 2 }, (_, i) => i + 1)];
}

/** The permutation that moves an axis to the end, and the one that moves it back. */
export function toEnd(axis: number, rank: number): { order: number[]; back: number[] } {
  const order = Array.from({ length: rank }, (_, i) => i).filter((i) => i !== axis);
  order.push(axis);
  return { order, back: order.map((_, i) => order.indexOf(i)) };
}

/** The value as a tensor, axes in the graph's order. */
export function plain(value: Value): tf.Tensor {
  if (value.on === 'host') return upload(value);
  if (!value.last) return value.tensor;
  return moved(value.tensor, fromLast(value.tensor.rank));
}

/** The value as a tensor whose second axis lies last; of rank 2 and less it lies there anyway. */
export function channelsLast(value: Value): tf.Tensor {
  if (value.on === 'device' && value.last) return value.tensor;
  const tensor = plain(value);
  return tensor.rank > 2 ? moved(tensor, toLast(tensor.rank)) : tensor;
}

/** A transposition; where only axes of length 1 change places nothing has to be moved. */
export function moved(tensor: tf.Tensor, permutation: readonly number[]): tf.Tensor {
  const wide = permutation.filter((axis) => tensor.shape[axis] !== 1);
  const orderly = wide.every((axis, i) => i === 0 || axis > (wide[i - 1] as number));
  const shape = permutation.map((axis) => tensor.shape[axis] as number);
  return orderly ? tf.reshape(tensor, shape) : tf.transpose(tensor, [...permutation]);
}

function upload(value: HostValue): tf.Tensor {
  if (value.kept !== undefined) return value.kept;
  const dims = [...value.dims];
  const tensor =
    value.kind === 'float'
      ? tf.tensor(value.data as Float32Array, dims, 'float32')
      : value.kind === 'bool'
        ? tf.tensor(Uint8Array.from(value.data), dims, 'bool')
        : tf.tensor(Int32Array.from(value.data, clamped), dims, 'int32');
  if (value.constant) value.kept = tf.keep(tensor);
  return tensor;
}

/** Ends of slices are often as large as a number can be. */
function clamped(value: number): number {
  return Math.max(-(2 ** 31), Math.min(2 ** 31 - 1, value));
}

/**
 * `yes` where `is` holds, else `no`. Truths are chosen as numbers: on wasm tfjs writes four bytes for each, of which there is one.
 */
export function chosen(is: tf.Tensor, yes: tf.Tensor, no: tf.Tensor): tf.Tensor {
  const condition = tf.cast(is, 'bool');
  if (yes.dtype !== 'bool') return tf.where(condition, yes, no);
  return tf.cast(tf.where(condition, tf.cast(yes, 'int32'), tf.cast(no, 'int32')), 'bool');
}

/** A function that is flat wherever it has a derivative, as comparisons are: tfjs has no gradient of most of them. */
export function flat(apply: (...tensors: tf.Tensor[]) => tf.Tensor): (...tensors: tf.Tensor[]) => tf.Tensor {
  return (...tensors) => {
    const shapes = tensors.map(({ shape }) => shape);
    const custom = tf.customGrad((...args) => {
      const value = apply(...(args.slice(0, tensors.length) as tf.Tensor[]));
      return { value, gradFunc: () => shapes.map((shape) => tf.zeros(shape)) };
    });
    return custom(...tensors);
  };
}
