/** Images made larger or smaller. */
import * as tf from '@tensorflow/tfjs';
import { type Interpolation, interpolationMatrix } from '../interpolation.ts';
import { product } from '../matrices.ts';
import { axesOf, type Call, type Op } from '../op.ts';
import { allowed, deviceValue, dimsOf, lastAxis, plain } from '../value.ts';

const resize: Op = {
  type: 'Resize',
  domain: '',
  attributes: [
    'antialias',
    'axes',
    'coordinate_transformation_mode',
    'cubic_coeff_a',
    'exclude_outside',
    'extrapolation_value',
    'keep_aspect_ratio_policy',
    'mode',
    'nearest_mode',
  ],
  limits: 'no cropping (tf_crop_and_resize)',
  run(call) {
    const x = call.input(0);
    const dims = dimsOf(x);
    const axes = axesOf(call, call.ints('axes') ?? [...dims.keys()], dims.length);
    const { lengths, scales } = wantedSizes(
      call,
      axes.map((axis) => dims[axis] as number),
    );
    const how = howOf(call);
    const last = x.on === 'device' && x.last;
    let images = last ? (x.tensor as tf.Tensor) : plain(x);
    allowed(dims.map((length, axis) => lengths[axes.indexOf(axis)] ?? length));
    for (const [i, axis] of axes.entries()) {
      const [from, length, scale] = [dims[axis], lengths[i], scales[i]] as [number, number, number];
      if (from === length && scale === 1) continue;
      const matrix = () => tf.tensor2d(interpolationMatrix(from, length, scale, how), [length, from]);
      const key = `axis ${axis} from ${from} to ${length} by ${scale}`;
      images = along(images, last ? lastAxis(axis, dims.length) : axis, call.once(key, [], matrix));
    }
    return deviceValue(images, last, x.kind);
  },
};

function wantedSizes(call: Call, from: readonly number[]): { lengths: number[]; scales: number[] } {
  const scales = call.numbers(2);
  if (scales !== null && scales.length > 0) {
    if (scales.length !== from.length || scales.some((scale) => !(scale > 0))) call.refuse(`scales of ${scales}`);
    return { scales, lengths: scales.map((scale, i) => Math.floor((from[i] as number) * scale)) };
  }
  const sizes = call.numbers(3);
  if (sizes === null || sizes.length !== from.length) return call.refuse('neither scales nor sizes fit the images');
  const policy = call.string('keep_aspect_ratio_policy', 'stretch', ['stretch', 'not_larger', 'not_smaller']);
  const ratios = sizes.map((size, i) => size / (from[i] as number));
  if (policy === 'stretch') return { scales: ratios, lengths: sizes };
  const scale = policy === 'not_larger' ? Math.min(...ratios) : Math.max(...ratios);
  return { scales: from.map(() => scale), lengths: from.map((length) => Math.floor(length * scale + 0.5)) };
}

function howOf(call: Call): Interpolation {
  return {
    mode: call.string('mode', 'nearest', ['nearest', 'linear', 'cubic']),
    coordinates: call.string('coordinate_transformation_mode', 'half_pixel', [
      'half_pixel',
      'half_pixel_symmetric',
      'pytorch_half_pixel',
      'align_corners',
      'asymmetric',
    ]),
    nearest: call.string('nearest_mode', 'round_prefer_floor', [
      'round_prefer_floor',
      'round_prefer_ceil',
      'floor',
      'ceil',
    ]),
    cubic: call.float('cubic_coeff_a', -0.75),
    excludeOutside: call.int('exclude_outside', 0) !== 0,
    antialias: call.int('antialias', 0) !== 0,
  };
}

/** matrix · x along one axis. */
function along(x: tf.Tensor, axis: number, matrix: tf.Tensor): tf.Tensor {
  const before = x.shape.slice(0, axis);
  const after = x.shape.slice(axis + 1);
  const size = (lengths: readonly number[]) => lengths.reduce((all, length) => all * length, 1);
  const rows = tf.reshape(x, [size(before), x.shape[axis] as number, size(after)]);
  return tf.reshape(product(matrix, rows), [...before, matrix.shape[0] as number, ...after]);
}

export const resizings: readonly Op[] = [resize];
