/** Activations, and what maps scores to probabilities. */
import * as tf from '@tensorflow/tfjs';
import { erf, gelu } from '../../error-function.ts';
import { combineOnDevice } from '../broadcast.ts';
import { axisOf, type Call, type Op, rankOf } from '../op.ts';
import { channelsLast, deviceValue, hostValue, lastAxis, moved, plain, toEnd, type Value } from '../value.ts';

/** An operator of one tensor, value by value. */
function activation(type: string, attributes: readonly string[], of: (call: Call) => (x: tf.Tensor) => tf.Tensor): Op {
  return {
    type,
    domain: '',
    attributes,
    run(call) {
      const x = call.input(0);
      const apply = of(call);
      if (x.on === 'device') return deviceValue(apply(x.tensor), x.last);
      return deviceValue(apply(plain(x)));
    },
  };
}

const SELU_ALPHA = 1.6732632423543772;
const SELU_SCALE = 1.0507009873554805;

function softplus(x: tf.Tensor): tf.Tensor {
  // log(1 + eˣ) without overflow.
  return tf.add(tf.relu(x), tf.log1p(tf.exp(tf.neg(tf.abs(x)))));
}

/** α (eˣ − 1) below 0, x above. */
function elu(x: tf.Tensor, alpha: number, width = 1): tf.Tensor {
  const below = tf.minimum(x, 0);
  return tf.add(tf.relu(x), tf.mul(tf.sub(tf.exp(tf.div(below, width)), 1), alpha));
}

/** `gelu` with tanh in the place of the error function. */
function tanhGelu(x: tf.Tensor): tf.Tensor {
  const cubic = tf.mul(tf.add(x, tf.mul(tf.mul(tf.square(x), x), 0.044715)), Math.sqrt(2 / Math.PI));
  return tf.mul(tf.mul(x, 0.5), tf.add(tf.tanh(cubic), 1));
}

function hardSigmoid(x: tf.Tensor, alpha: number, beta: number): tf.Tensor {
  return tf.clipByValue(tf.add(tf.mul(x, alpha), beta), 0, 1);
}

const simple: readonly Op[] = [
  activation('Relu', [], () => tf.relu),
  activation('Sigmoid', [], () => tf.sigmoid),
  activation('Erf', [], () => erf),
  activation('Softplus', [], () => softplus),
  activation('Softsign', [], () => (x) => tf.div(x, tf.add(tf.abs(x), 1))),
  activation('HardSwish', [], () => (x) => tf.mul(x, hardSigmoid(x, 1 / 6, 0.5))),
  activation('Mish', [], () => (x) => tf.mul(x, tf.tanh(softplus(x)))),
  activation('LeakyRelu', ['alpha'], (call) => {
    const alpha = call.float('alpha', 0.01);
    return (x) => tf.add(tf.relu(x), tf.mul(tf.minimum(x, 0), alpha));
  }),
  activation('Elu', ['alpha'], (call) => {
    const alpha = call.float('alpha', 1);
    return (x) => elu(x, alpha);
  }),
  activation('Celu', ['alpha'], (call) => {
    const alpha = call.float('alpha', 1);
    return (x) => elu(x, alpha, alpha);
  }),
  activation('Selu', ['alpha', 'gamma'], (call) => {
    const [alpha, gamma] = [call.float('alpha', SELU_ALPHA), call.float('gamma', SELU_SCALE)];
    return (x) => tf.mul(elu(x, alpha), gamma);
  }),
  activation('ThresholdedRelu', ['alpha'], (call) => {
    const alpha = call.float('alpha', 1);
    return (x) => tf.where(tf.greater(x, alpha), x, tf.zerosLike(x));
  }),
  activation('HardSigmoid', ['alpha', 'beta'], (call) => {
    const [alpha, beta] = [call.float('alpha', 0.2), call.float('beta', 0.5)];
    return (x) => hardSigmoid(x, alpha, beta);
  }),
  activation('Shrink', ['bias', 'lambd'], (call) => {
    const [bias, lambd] = [call.float('bias', 0), call.float('lambd', 0.5)];
    return (x) => {
      const shrunk = tf.sub(x, tf.mul(tf.sign(x), bias));
      return tf.where(tf.greater(tf.abs(x), lambd), shrunk, tf.zerosLike(x));
    };
  }),
  activation('Gelu', ['approximate'], (call) => {
    const approximately = call.string('approximate', 'none', ['none', 'tanh']) === 'tanh';
    return approximately ? tanhGelu : gelu;
  }),
  activation('Swish', ['alpha'], (call) => {
    const alpha = call.float('alpha', 1);
    return (x) => tf.mul(x, tf.sigmoid(tf.mul(x, alpha)));
  }),
];

const pRelu: Op = {
  type: 'PRelu',
  domain: '',
  attributes: [],
  run: (call) =>
    combineOnDevice([call.input(0), call.input(1)], 'float', (x, slope) =>
      tf.add(tf.relu(x as tf.Tensor), tf.mul(tf.minimum(x as tf.Tensor, 0), slope as tf.Tensor)),
    ),
};

const clip: Op = {
  type: 'Clip',
  domain: '',
  attributes: [],
  run(call) {
    const x = call.input(0);
    const low = call.numbers(1)?.[0] ?? Number.NEGATIVE_INFINITY;
    const high = call.numbers(2)?.[0] ?? Number.POSITIVE_INFINITY;
    if (x.on === 'host') {
      return hostValue(
        x.kind,
        x.dims,
        Float64Array.from(x.data, (value) => Math.min(high, Math.max(low, value))),
      );
    }
    let clipped = x.tensor;
    if (low > Number.NEGATIVE_INFINITY) clipped = tf.maximum(clipped, tf.cast(low, clipped.dtype));
    if (high < Number.POSITIVE_INFINITY) clipped = tf.minimum(clipped, tf.cast(high, clipped.dtype));
    return deviceValue(clipped, x.last, x.kind);
  },
};

/** Softmax and its like, along one axis; tfjs has them along the last. */
function normalised(type: string, missing: number, apply: (x: tf.Tensor) => tf.Tensor): Op {
  return {
    type,
    domain: '',
    attributes: ['axis'],
    run(call) {
      const x = call.input(0);
      const rank = rankOf(x);
      const axis = axisOf(call, call.int('axis', missing), rank);
      return alongLast(x, axis, rank, apply);
    },
  };
}

function alongLast(x: Value, axis: number, rank: number, apply: (x: tf.Tensor) => tf.Tensor): Value {
  if (axis === 1 && rank > 2) return deviceValue(apply(channelsLast(x)), true);
  const last = x.on === 'device' && x.last;
  const place = last ? lastAxis(axis, rank) : axis;
  const tensor = last ? (x.tensor as tf.Tensor) : plain(x);
  if (place === rank - 1) return deviceValue(apply(tensor), last);
  const { order, back } = toEnd(place, rank);
  return deviceValue(moved(apply(moved(tensor, order)), back), last);
}

function logSoftmax(x: tf.Tensor): tf.Tensor {
  const shifted = tf.sub(x, tf.max(x, -1, true));
  return tf.sub(shifted, tf.log(tf.sum(tf.exp(shifted), -1, true)));
}

export const activations: readonly Op[] = [
  ...simple,
  pRelu,
  clip,
  normalised('Softmax', -1, (x) => tf.softmax(x)),
  normalised('LogSoftmax', -1, logSoftmax),
];
