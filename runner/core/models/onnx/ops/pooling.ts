/** Pools: the largest or the mean of windows, and of whole images. */
import * as tf from '@tensorflow/tfjs';
import type { Call, Op } from '../op.ts';
import { channelsLast, deviceValue, dimsOf } from '../value.ts';
import { asRow, type Windows, windowAttributes, windowsOf } from '../windows.ts';

/** Padding of a maximum: less than anything, and a number, so that a gradient of 0 stays one. */
const NOTHING = -3.4e38;

interface Pooled {
  readonly x: tf.Tensor4D;
  readonly windows: Windows;
  finish(maps: tf.Tensor4D): ReturnType<typeof deviceValue>;
}

/** Images and windows of a pool, a line of values as an image of one row. */
function prepare(call: Call): Pooled {
  const input = call.input(0);
  const sizes = dimsOf(input).slice(2);
  if (sizes.length < 1 || sizes.length > 2) call.refuse(`${sizes.length} spatial axes; supported are one and two`);
  const kernel = call.ints('kernel_shape') ?? call.refuse('kernel_shape is missing');
  const own = windowsOf(call, sizes, kernel, call.int('ceil_mode', 0) !== 0);
  const images = channelsLast(input);
  if (sizes.length === 2) return { x: images as tf.Tensor4D, windows: own, finish: (maps) => deviceValue(maps, true) };
  const [batch, width, channels] = images.shape as [number, number, number];
  return {
    x: tf.reshape(images, [batch, 1, width, channels]),
    windows: asRow(own),
    finish: (maps) => deviceValue(tf.reshape(maps, [batch, maps.shape[2], channels]), true),
  };
}

/** Zeros, or less than anything, after each axis as well as the windows need; what no window sees is cut off. */
function fitted(x: tf.Tensor4D, windows: Windows, filling: number): tf.Tensor4D {
  const { kernel, strides, dilations, pads, outputs } = windows;
  const sides = [0, 1].map((axis) => {
    const span = ((kernel[axis] as number) - 1) * (dilations[axis] as number) + 1;
    const reach = ((outputs[axis] as number) - 1) * (strides[axis] as number) + span;
    const before = pads[axis]?.[0] ?? 0;
    return [before, reach - before - (x.shape[axis + 1] as number)] as const;
  });
  const [[top, bottom], [left, right]] = sides as [readonly [number, number], readonly [number, number]];
  const [batch, height, width, channels] = x.shape;
  const size = [batch, height + Math.min(0, bottom), width + Math.min(0, right), channels] as const;
  const kept = bottom < 0 || right < 0 ? tf.slice(x, [0, 0, 0, 0], [...size]) : x;
  if (top + left + Math.max(0, bottom) + Math.max(0, right) === 0) return kept;
  return tf.pad(
    kept,
    [
      [0, 0],
      [top, Math.max(0, bottom)],
      [left, Math.max(0, right)],
      [0, 0],
    ],
    filling,
  );
}

const maxPool: Op = {
  type: 'MaxPool',
  domain: '',
  attributes: [...windowAttributes, 'ceil_mode', 'storage_order'],
  limits: 'one or two spatial axes; no indices',
  run(call) {
    if (call.node.outputs.length > 1 && call.node.outputs[1] !== '')
      call.refuse('the indices of the maxima are asked for');
    const { x, windows, finish } = prepare(call);
    const images = fitted(x, windows, NOTHING);
    if (windows.dilations.some((dilation) => dilation > 1)) {
      return finish(taps(images, windows).reduce((most, tap) => tf.maximum(most, tap)));
    }
    return finish(tf.maxPool(images, windows.kernel as [number, number], windows.strides as [number, number], 'valid'));
  },
};

const averagePool: Op = {
  type: 'AveragePool',
  domain: '',
  attributes: [...windowAttributes, 'ceil_mode', 'count_include_pad'],
  limits: 'one or two spatial axes',
  run(call) {
    const { x, windows, finish } = prepare(call);
    const images = fitted(x, windows, 0);
    const { kernel, strides, dilations } = windows;
    const cells = (kernel[0] as number) * (kernel[1] as number);
    const mean = dilations.some((dilation) => dilation > 1)
      ? tf.div(
          taps(images, windows).reduce((sum, tap) => tf.add(sum, tap)),
          cells,
        )
      : tf.avgPool(images, kernel as [number, number], strides as [number, number], 'valid');
    const counts = counted(windows, x.shape, call.int('count_include_pad', 0) !== 0);
    if (counts.every((count) => count === cells)) return finish(mean as tf.Tensor4D);
    const shares = tf.tensor4d(
      Float32Array.from(counts, (count) => cells / count),
      [1, ...(windows.outputs as [number, number]), 1],
    );
    return finish(tf.mul(mean, shares));
  },
};

/** How many cells of each window count: those of the image, or of what it is padded to. */
function counted(
  { kernel, strides, dilations, pads, outputs }: Windows,
  shape: readonly number[],
  padding: boolean,
): number[] {
  const perAxis = [0, 1].map((axis) => {
    const [before, after] = pads[axis] as [number, number];
    const size = shape[axis + 1] as number;
    return Array.from({ length: outputs[axis] as number }, (_, i) => {
      const start = i * (strides[axis] as number) - before;
      const places = Array.from(
        { length: kernel[axis] as number },
        (_tap, tap) => start + tap * (dilations[axis] as number),
      );
      const [least, most] = padding ? [-before, size + after] : [0, size];
      return places.filter((place) => place >= least && place < most).length;
    });
  });
  const [rows, columns] = perAxis as [number[], number[]];
  return rows.flatMap((down) => columns.map((across) => Math.max(1, down * across)));
}

/** What each place of a window sees, an image for each. */
function taps(x: tf.Tensor4D, { kernel, strides, dilations, outputs }: Windows): tf.Tensor4D[] {
  const [height, width] = kernel as [number, number];
  const [batch, , , channels] = x.shape;
  const [rows, columns] = outputs as [number, number];
  return Array.from({ length: height * width }, (_, tap) => {
    const begin = [
      Math.floor(tap / width) * (dilations[0] as number),
      (tap % width) * (dilations[1] as number),
    ] as const;
    const [down, across] = strides as [number, number];
    const size = [batch, (rows - 1) * down + 1, (columns - 1) * across + 1, channels] as const;
    return everyOther(tf.slice(x, [0, ...begin, 0], [...size]), [1, down, across, 1]);
  });
}

/** Every stride-th value of each axis, by steps that have a gradient: tfjs has none for a strided slice. */
export function everyOther<T extends tf.Tensor>(x: T, strides: readonly number[]): T {
  return strides.reduce<tf.Tensor>((tensor, stride, axis) => {
    if (stride === 1) return tensor;
    const count = Math.ceil((tensor.shape[axis] as number) / stride);
    const more = count * stride - (tensor.shape[axis] as number);
    const before = tensor.shape.slice(0, axis);
    const after = tensor.shape.slice(axis + 1);
    const sides = tensor.shape.map((_, i) => [0, i === axis ? more : 0] as [number, number]);
    const whole = more === 0 ? tensor : tf.pad(tensor, sides);
    // As rows of `stride`, each with what follows it in the axes after.
    const inner = after.reduce((product, length) => product * length, 1);
    const outer = before.reduce((product, length) => product * length, 1);
    const rows = tf.reshape(whole, [outer * count, stride, inner]);
    return tf.reshape(tf.slice(rows, [0, 0, 0], [outer * count, 1, inner]), [...before, count, ...after]);
  }, x) as T;
}

/** Of whole images. */
function global(type: string, reduce: (x: tf.Tensor, axes: number[]) => tf.Tensor): Op {
  return {
    type,
    domain: '',
    attributes: [],
    run(call) {
      const x = channelsLast(call.input(0));
      if (x.rank < 3) call.refuse(`a tensor of ${x.rank} axes; wanted images`);
      return deviceValue(
        reduce(
          x,
          Array.from({ length: x.rank - 2 }, (_, i) => i + 1),
        ),
        true,
      );
    },
  };
}

export const pools: readonly Op[] = [
  maxPool,
  averagePool,
  global('GlobalAveragePool', (x, axes) => tf.mean(x, axes, true)),
  global('GlobalMaxPool', (x, axes) => tf.max(x, axes, true)),
];
