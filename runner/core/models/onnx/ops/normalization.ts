/** Normalisation: by what was learned of a channel, or by the mean and variance of groups of values. */
import * as tf from '@tensorflow/tfjs';
import { axisOf, type Call, type Op } from '../op.ts';
import { channelsLast, deviceValue, plain } from '../value.ts';

const batchNormalization: Op = {
  type: 'BatchNormalization',
  domain: '',
  attributes: ['epsilon', 'momentum', 'training_mode'],
  limits: 'as in evaluation',
  run(call) {
    if (call.int('training_mode', 0) !== 0) call.refuse('training_mode is set', 'export the model after model.eval()');
    const { factor, shift } = affineOf(call);
    const x = channelsLast(call.input(0));
    return deviceValue(tf.add(tf.mul(x, factor), shift), true);
  },
};

/** The normalisation of a channel as one factor and one shift, [channels]. */
export function affineOf(call: Call): { factor: tf.Tensor; shift: tf.Tensor } {
  const epsilon = call.float('epsilon', 1e-5);
  const factor = () => tf.tidy(() => tf.div(call.tensor(1), tf.sqrt(tf.add(call.tensor(4), epsilon))));
  const shift = () => tf.tidy(() => tf.sub(call.tensor(2), tf.mul(call.tensor(3), factor())));
  return { factor: call.once('factor', [1, 4], factor), shift: call.once('shift', [1, 2, 3, 4], shift) };
}

/** x with mean 0 and variance 1 over some axes. */
function standardised(
  x: tf.Tensor,
  axes: number[],
  epsilon: number,
): { values: tf.Tensor; mean: tf.Tensor; inverse: tf.Tensor } {
  const mean = tf.mean(x, axes, true);
  const centred = tf.sub(x, mean);
  const inverse = tf.div(1, tf.sqrt(tf.add(tf.mean(tf.square(centred), axes, true), epsilon)));
  return { values: tf.mul(centred, inverse), mean, inverse };
}

const instanceNormalization: Op = {
  type: 'InstanceNormalization',
  domain: '',
  attributes: ['epsilon'],
  run(call) {
    const x = channelsLast(call.input(0));
    const axes = Array.from({ length: x.rank - 2 }, (_, i) => i + 1);
    const { values } = standardised(x, axes, call.float('epsilon', 1e-5));
    return deviceValue(tf.add(tf.mul(values, call.tensor(1)), call.tensor(2)), true);
  },
};

const groupNormalization: Op = {
  type: 'GroupNormalization',
  domain: '',
  attributes: ['epsilon', 'num_groups', 'stash_type'],
  run(call) {
    const x = channelsLast(call.input(0));
    const groups = call.int('num_groups', 0);
    const channels = x.shape.at(-1) as number;
    if (groups < 1 || channels % groups !== 0) call.refuse(`${groups} groups of ${channels} channels`);
    const split = tf.reshape(x, [...x.shape.slice(0, -1), groups, channels / groups]);
    const axes = [...Array.from({ length: x.rank - 2 }, (_, i) => i + 1), x.rank];
    const { values } = standardised(split, axes, call.float('epsilon', 1e-5));
    const whole = tf.reshape(values, x.shape);
    // Before opset 21 scale and bias belong to a group, since then to a channel.
    const perChannel = (tensor: tf.Tensor) =>
      tensor.size === channels
        ? tensor
        : tf.reshape(tf.broadcastTo(tf.reshape(tensor, [groups, 1]), [groups, channels / groups]), [channels]);
    const [scale, bias] = [1, 2].map((index) => perChannel(call.tensor(index))) as [tf.Tensor, tf.Tensor];
    return deviceValue(tf.add(tf.mul(whole, scale), bias), true);
  },
};

const layerNormalization: Op = {
  type: 'LayerNormalization',
  domain: '',
  attributes: ['axis', 'epsilon', 'stash_type'],
  run(call) {
    const x = plain(call.input(0));
    const axes = from(call, x.rank);
    const { values, mean, inverse } = standardised(x, axes, call.float('epsilon', 1e-5));
    const scaled = tf.mul(values, call.tensor(1));
    const y = call.inputs[2] === undefined ? scaled : tf.add(scaled, call.tensor(2));
    return [y, mean, inverse].map((tensor) => deviceValue(tensor));
  },
};

const rmsNormalization: Op = {
  type: 'RMSNormalization',
  domain: '',
  attributes: ['axis', 'epsilon', 'stash_type'],
  run(call) {
    const x = plain(call.input(0));
    const square = tf.mean(tf.square(x), from(call, x.rank), true);
    const values = tf.div(x, tf.sqrt(tf.add(square, call.float('epsilon', 1e-5))));
    return deviceValue(tf.mul(values, call.tensor(1)));
  },
};

/** The axes from `axis` to the last. */
function from(call: Call, rank: number): number[] {
  const first = axisOf(call, call.int('axis', -1), rank);
  return Array.from({ length: rank - first }, (_, i) => first + i);
}

const lrn: Op = {
  type: 'LRN',
  domain: '',
  attributes: ['alpha', 'beta', 'bias', 'size'],
  run(call) {
    const x = channelsLast(call.input(0));
    const size = call.int('size', 1);
    const before = Math.floor((size - 1) / 2);
    const sides = x.shape.map((_, i) => (i === x.rank - 1 ? [before, size - 1 - before] : [0, 0]) as [number, number]);
    const squares = tf.pad(tf.square(x), sides);
    const windows = Array.from({ length: size }, (_, i) => {
      return tf.slice(squares, [...Array<number>(x.rank - 1).fill(0), i], x.shape);
    });
    const sum = windows.reduce((total, window) => tf.add(total, window));
    const base = tf.add(tf.mul(sum, call.float('alpha', 1e-4) / size), call.float('bias', 1));
    return deviceValue(tf.div(x, tf.pow(base, call.float('beta', 0.75))), true);
  },
};

const lpNormalization: Op = {
  type: 'LpNormalization',
  domain: '',
  attributes: ['axis', 'p'],
  run(call) {
    const x = plain(call.input(0));
    const axis = axisOf(call, call.int('axis', -1), x.rank);
    const length = call.int('p', 2) === 1 ? tf.sum(tf.abs(x), axis, true) : tf.sqrt(tf.sum(tf.square(x), axis, true));
    return deviceValue(tf.divNoNan(x, length));
  },
};

const meanVarianceNormalization: Op = {
  type: 'MeanVarianceNormalization',
  domain: '',
  attributes: ['axes'],
  run(call) {
    const x = plain(call.input(0));
    const axes = (call.ints('axes') ?? [0, 2, 3]).map((axis) => axisOf(call, axis, x.rank));
    if (axes.includes(0)) call.refuse('the mean of a batch: an image would depend on those beside it');
    return deviceValue(standardised(x, axes, 1e-9).values);
  },
};

export const normalizations: readonly Op[] = [
  batchNormalization,
  instanceNormalization,
  groupNormalization,
  layerNormalization,
  rmsNormalization,
  lrn,
  lpNormalization,
  meanVarianceNormalization,
];
