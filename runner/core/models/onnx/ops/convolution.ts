/** Convolutions, of images and of lines of values. */
import * as tf from '@tensorflow/tfjs';
import { depthwise } from '../depthwise.ts';
import type { Call, Op } from '../op.ts';
import { allowed, channelsLast, deviceValue, dimsOf } from '../value.ts';
import {
  asRow,
  explicitPads,
  type Pads,
  perAxis,
  samePadding,
  type Windows,
  windowAttributes,
  windowsOf,
} from '../windows.ts';

const conv: Op = {
  type: 'Conv',
  domain: '',
  attributes: [...windowAttributes, 'group'],
  limits: 'one or two spatial axes; a dilated filter is filled up with zeros',
  run(call) {
    const { x, weights, windows, spatial } = geometry(call);
    const groups = call.int('group', 1);
    const [filters, perGroup] = weights as [number, number];
    const channels = x.shape[3] as number;
    if (perGroup * groups !== channels || filters % groups !== 0) {
      call.refuse(`${groups} groups of ${perGroup} channels, and ${filters} filters, for images of ${channels}`);
    }
    const filter = call.once('filter', [1], () => filterOf(call, windows, [2, 3, 1, 0]));
    const images = padded(x as tf.Tensor4D, windows.pads, windows);
    let maps: tf.Tensor4D;
    if (groups === 1) maps = convolved(images, filter as tf.Tensor4D, windows);
    else if (perGroup === 1) maps = depthwise(images.x, filter, filters / groups, windows.strides, images.pad);
    else {
      const parts = tf.split(images.x, groups, 3);
      const own = tf.split(filter as tf.Tensor4D, groups, 3);
      maps = tf.concat(
        parts.map((part, i) => convolved({ ...images, x: part as tf.Tensor4D }, own[i] as tf.Tensor4D, windows)),
        3,
      );
    }
    return finished(call, maps, spatial);
  },
};

/** Input and windows of a convolution, a line of values as an image of one row. */
function geometry(call: Call) {
  const input = call.input(0);
  const sizes = dimsOf(input).slice(2);
  const weights = dimsOf(call.input(1));
  if (sizes.length < 1 || sizes.length > 2) call.refuse(`${sizes.length} spatial axes; supported are one and two`);
  if (weights.length !== sizes.length + 2) call.refuse(`filters of [${weights}] on images of [${dimsOf(input)}]`);
  const own = windowsOf(call, sizes, call.ints('kernel_shape') ?? weights.slice(2));
  const images = channelsLast(input);
  if (sizes.length === 2) return { x: images as tf.Tensor4D, weights, windows: own, spatial: 2 };
  const [batch, width, channels] = images.shape as [number, number, number];
  return {
    x: tf.reshape(images, [batch, 1, width, channels]) as tf.Tensor4D,
    weights,
    windows: asRow(own),
    spatial: 1,
  };
}

/** The filter as tfjs has it, [height, width, …], with zeros between its values where it is dilated. */
function filterOf(call: Call, { kernel, dilations }: Windows, permutation: number[]): tf.Tensor {
  return tf.tidy(() => {
    const stored = call.tensor(1);
    const [first, second] = stored.shape as [number, number];
    const square = tf.reshape(stored, [first, second, kernel[0] as number, kernel[1] as number]);
    return dilated(tf.transpose(square, permutation) as tf.Tensor4D, dilations);
  });
}

function dilated(filter: tf.Tensor4D, dilations: readonly number[]): tf.Tensor4D {
  const [down, across] = dilations as [number, number];
  if (down === 1 && across === 1) return filter;
  const [height, width, a, b] = filter.shape;
  const wide = tf.pad(tf.reshape(filter, [height, 1, width, 1, a * b]), [
    [0, 0],
    [0, down - 1],
    [0, 0],
    [0, across - 1],
    [0, 0],
  ]);
  const spread = tf.reshape(wide, [height * down, width * across, a, b]) as tf.Tensor4D;
  return tf.slice(spread, [0, 0, 0, 0], [(height - 1) * down + 1, (width - 1) * across + 1, a, b]);
}

export interface Padded {
  readonly x: tf.Tensor4D;
  readonly pad: 'valid' | 'same';
}

/** Zeros around the images, or none where tfjs's own padding is the same. */
export function padded(x: tf.Tensor4D, pads: Pads, { kernel, dilations, strides }: Windows): Padded {
  const [[top, bottom], [left, right]] = pads as [readonly [number, number], readonly [number, number]];
  if (top + bottom + left + right === 0) return { x, pad: 'valid' };
  const same = [0, 1].every((axis) => {
    const size = x.shape[axis + 1] as number;
    const stride = strides[axis] as number;
    const span = ((kernel[axis] as number) - 1) * (dilations[axis] as number) + 1;
    const all = samePadding(size, stride, span);
    const [before, after] = pads[axis] as [number, number];
    return before === Math.floor(all / 2) && before + after === all;
  });
  if (same) return { x, pad: 'same' };
  return {
    x: tf.pad(x, [
      [0, 0],
      [top, bottom],
      [left, right],
      [0, 0],
    ]) as tf.Tensor4D,
    pad: 'valid',
  };
}

function convolved({ x, pad }: Padded, filter: tf.Tensor4D, { strides }: Windows): tf.Tensor4D {
  return tf.conv2d(x, filter, strides as [number, number], pad);
}

/** With the bias, where there is one, and of a line of values again. */
function finished(call: Call, maps: tf.Tensor4D, spatial: number) {
  allowed(maps.shape);
  const biased = call.inputs[2] === undefined ? maps : (tf.add(maps, call.tensor(2)) as tf.Tensor4D);
  if (spatial === 2) return deviceValue(biased, true);
  const [batch, , width, channels] = biased.shape as [number, number, number, number];
  return deviceValue(tf.reshape(biased, [batch, width, channels]), true);
}

const convTranspose: Op = {
  type: 'ConvTranspose',
  domain: '',
  attributes: [...windowAttributes, 'group', 'output_padding', 'output_shape'],
  limits: 'two spatial axes; pads given by themselves or by output_shape',
  run(call) {
    const input = call.input(0);
    const sizes = dimsOf(input).slice(2);
    const [, perGroup, ...kernel] = dimsOf(call.input(1)) as [number, number, ...number[]];
    if (sizes.length !== 2 || kernel.length !== 2) call.refuse(`${sizes.length} spatial axes; supported are two`);
    const groups = call.int('group', 1);
    const strides = perAxis(call, 'strides', 2, 1);
    const dilations = perAxis(call, 'dilations', 2, 1);
    const full = sizes.map((size, i) => {
      const [stride, side, dilation] = [strides[i], kernel[i], dilations[i]] as [number, number, number];
      return (size - 1) * stride + (side - 1) * dilation + 1;
    }) as [number, number];
    const { pads, more } = transposePads(call, sizes, full, strides);
    allowed([...full.map((length, i) => length + (more[i] as number)), perGroup * groups]);
    const windows = { kernel, dilations } as unknown as Windows;
    const filter = call.once('filter', [1], () => filterOf(call, windows, [2, 3, 1, 0])) as tf.Tensor4D;
    const x = channelsLast(input) as tf.Tensor4D;
    const one = (images: tf.Tensor4D, own: tf.Tensor4D) =>
      tf.conv2dTranspose(
        images,
        own,
        [x.shape[0], ...full, perGroup],
        strides as [number, number],
        'valid',
      ) as tf.Tensor4D;
    const parts = tf.split(x, groups, 3);
    const filters = tf.split(filter, groups, 3);
    const maps =
      groups === 1
        ? one(x, filter)
        : tf.concat(
            parts.map((part, i) => one(part as tf.Tensor4D, filters[i] as tf.Tensor4D)),
            3,
          );
    return finished(call, cropped(maps, full, pads, more), 2);
  },
};

/** What is cut off the full result, and zeros after it. */
function transposePads(
  call: Call,
  sizes: readonly number[],
  full: readonly number[],
  strides: readonly number[],
): { pads: Pads; more: readonly number[] } {
  const more = perAxis(call, 'output_padding', 2, 0);
  const how = call.string('auto_pad', 'NOTSET', ['NOTSET', 'SAME_UPPER', 'SAME_LOWER', 'VALID']);
  const alike = how.startsWith('SAME') ? sizes.map((size, i) => size * (strides[i] as number)) : null;
  const wanted = call.ints('output_shape')?.slice(-2) ?? alike;
  if (wanted === null) return { pads: explicitPads(call, 2), more };
  const surplus = full.map((length, i) => length + (more[i] as number) - (wanted[i] as number));
  const pads = surplus.map((value) => {
    const all = Math.max(0, value);
    const less = Math.floor(all / 2);
    return how === 'SAME_UPPER' ? ([less, all - less] as const) : ([all - less, less] as const);
  });
  return { pads, more: more.map((value, i) => value + Math.max(0, -(surplus[i] as number))) };
}

/** Without `pads`, with `more` zeros at the end of each axis. */
function cropped(maps: tf.Tensor4D, full: readonly number[], pads: Pads, more: readonly number[]): tf.Tensor4D {
  const [batch, , , channels] = maps.shape;
  const begin = pads.map(([before]) => before) as [number, number];
  const ends = full.map((length, i) => length + (more[i] as number) - (pads[i]?.[1] ?? 0)) as [number, number];
  const inside = ends.map((end, i) => Math.min(end, full[i] as number) - (begin[i] as number)) as [number, number];
  const kept = tf.slice(maps, [0, ...begin, 0], [batch, ...inside, channels]);
  const missing = ends.map((end, i) => Math.max(0, end - (full[i] as number))) as [number, number];
  if (missing.every((count) => count === 0)) return kept;
  return tf.pad(kept, [
    [0, 0],
    [0, missing[0]],
    [0, missing[1]],
    [0, 0],
  ]);
}

export const convolutions: readonly Op[] = [conv, convTranspose];
