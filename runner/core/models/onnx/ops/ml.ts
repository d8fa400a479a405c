/**
 * Operators of classical models, as scikit-learn's exporters write them. What turns their scores into probabilities is left off where it is
 * the last thing done: it changes no decision, and the scores have the better gradient.
 */
import * as tf from '@tensorflow/tfjs';
import type { Call, Op } from '../op.ts';
import { deviceValue } from '../value.ts';

const domain = 'ai.onnx.ml';

/** What an attribute of floats says, as a matrix with so many rows. */
function matrixOf(call: Call, name: string, rows: number): tf.Tensor2D {
  const values = call.floats(name) ?? [];
  if (rows < 1 || values.length === 0 || values.length % rows !== 0)
    call.refuse(`${values.length} ${name} in ${rows} rows`);
  return tf.tensor2d(Float32Array.from(values), [rows, values.length / rows]);
}

/** Images in rows, of which these models know nothing else. */
function rowsOf(call: Call): tf.Tensor2D {
  const x = call.tensor(0);
  return tf.reshape(tf.cast(x, 'float32'), [x.shape[0] ?? 1, -1]);
}

function posted(call: Call, scores: tf.Tensor): tf.Tensor {
  switch (call.string('post_transform', 'NONE', ['NONE', 'SOFTMAX', 'LOGISTIC', 'SOFTMAX_ZERO'])) {
    case 'NONE':
      return scores;
    case 'LOGISTIC':
      return tf.sigmoid(scores);
    default:
      return tf.softmax(scores);
  }
}

function affine(call: Call, rows: number): tf.Tensor {
  const weights = call.once('weights', [], () => tf.tidy(() => tf.transpose(matrixOf(call, 'coefficients', rows))));
  const intercepts = call.floats('intercepts');
  const scores = tf.matMul(rowsOf(call), weights as tf.Tensor2D);
  return intercepts === null ? scores : tf.add(scores, tf.tensor1d(Float32Array.from(intercepts)));
}

/** Of a decision between two classes by one score: the scores of both. */
function both(scores: tf.Tensor): tf.Tensor {
  return tf.concat([tf.neg(scores), scores], 1);
}

const linearClassifier: Op = {
  type: 'LinearClassifier',
  domain,
  attributes: [
    'classlabels_ints',
    'classlabels_strings',
    'coefficients',
    'intercepts',
    'multi_class',
    'post_transform',
  ],
  limits: 'scores alone, not the labels',
  run(call) {
    labelsUnused(call);
    const labels = (call.ints('classlabels_ints') ?? call.strings('classlabels_strings') ?? []).length;
    const rows = call.floats('intercepts')?.length ?? labels;
    const scores = affine(call, rows);
    const wide = rows === 1 ? both(scores) : scores;
    return [deviceValue(tf.zeros([1]), false, 'int'), deviceValue(posted(call, wide))];
  },
};

/** The first output of a classifier is its labels, which nobody can derive. */
function labelsUnused(call: Call): void {
  if (call.node.outputs.length < 2)
    call.refuse('its scores are not among its outputs', 'export it with raw scores or probabilities');
}

const linearRegressor: Op = {
  type: 'LinearRegressor',
  domain,
  attributes: ['coefficients', 'intercepts', 'post_transform', 'targets'],
  run: (call) => deviceValue(posted(call, affine(call, call.int('targets', 1)))),
};

const scaler: Op = {
  type: 'Scaler',
  domain,
  attributes: ['offset', 'scale'],
  run(call) {
    const offset = tf.tensor1d(Float32Array.from(call.floats('offset') ?? [0]));
    const scale = tf.tensor1d(Float32Array.from(call.floats('scale') ?? [1]));
    return deviceValue(tf.mul(tf.sub(rowsOf(call), offset), scale));
  },
};

const normalizer: Op = {
  type: 'Normalizer',
  domain,
  attributes: ['norm'],
  run(call) {
    const x = rowsOf(call);
    const norm = call.string('norm', 'MAX', ['MAX', 'L1', 'L2']);
    const length =
      norm === 'MAX'
        ? tf.max(tf.abs(x), 1, true)
        : norm === 'L1'
          ? tf.sum(tf.abs(x), 1, true)
          : tf.sqrt(tf.sum(tf.square(x), 1, true));
    return deviceValue(tf.divNoNan(x, length));
  },
};

const svmClassifier: Op = {
  type: 'SVMClassifier',
  domain,
  attributes: [
    'classlabels_ints',
    'classlabels_strings',
    'coefficients',
    'kernel_params',
    'kernel_type',
    'post_transform',
    'prob_a',
    'prob_b',
    'rho',
    'support_vectors',
    'vectors_per_class',
  ],
  limits: 'scores alone: of each pair of classes, or of both where there are two',
  run(call) {
    labelsUnused(call);
    const perClass = call.ints('vectors_per_class') ?? [];
    const classes = perClass.length;
    const vectors = perClass.reduce((sum, count) => sum + count, 0);
    if (classes < 2 || vectors === 0) return call.refuse('it has no support vectors');
    const support = call.once('support', [], () => matrixOf(call, 'support_vectors', vectors)) as tf.Tensor2D;
    const coefficients = call.once('coefficients', [], () => pairwise(call, perClass, vectors)) as tf.Tensor2D;
    const rho = tf.tensor1d(Float32Array.from(call.floats('rho') ?? []));
    const decisions = tf.add(tf.matMul(kernelOf(call, rowsOf(call), support) as tf.Tensor2D, coefficients), rho);
    const scores = classes === 2 ? both(tf.neg(decisions)) : decisions;
    return [deviceValue(tf.zeros([1]), false, 'int'), deviceValue(posted(call, scores))];
  },
};

/** What each support vector says to each pair of classes, [vectors, pairs]. */
function pairwise(call: Call, perClass: readonly number[], vectors: number): tf.Tensor2D {
  const classes = perClass.length;
  const stored = call.floats('coefficients') ?? [];
  if (stored.length !== (classes - 1) * vectors) call.refuse(`${stored.length} coefficients of ${vectors} vectors`);
  const starts = perClass.map((_, i) => perClass.slice(0, i).reduce((sum, count) => sum + count, 0));
  const pairs: [number, number][] = [];
  for (let i = 0; i < classes; i++) for (let j = i + 1; j < classes; j++) pairs.push([i, j]);
  const matrix = new Float32Array(vectors * pairs.length);
  for (const [pair, [i, j]] of pairs.entries()) {
    for (const [own, row] of [
      [i, j - 1],
      [j, i],
    ] as const) {
      const start = starts[own] as number;
      for (let v = start; v < start + (perClass[own] as number); v++) {
        matrix[v * pairs.length + pair] = stored[row * vectors + v] as number;
      }
    }
  }
  return tf.tensor2d(matrix, [vectors, pairs.length]);
}

function kernelOf(call: Call, x: tf.Tensor2D, support: tf.Tensor2D): tf.Tensor {
  const [gamma = 0, constant = 0, degree = 0] = call.floats('kernel_params') ?? [];
  const kind = call.string('kernel_type', 'LINEAR', ['LINEAR', 'POLY', 'RBF', 'SIGMOID']);
  const inner = tf.matMul(x, support, false, true);
  switch (kind) {
    case 'LINEAR':
      return inner;
    case 'POLY':
      return tf.pow(tf.add(tf.mul(inner, gamma), constant), degree);
    case 'SIGMOID':
      return tf.tanh(tf.add(tf.mul(inner, gamma), constant));
    case 'RBF': {
      const squares = tf.add(tf.sum(tf.square(x), 1, true), tf.sum(tf.square(support), 1));
      return tf.exp(tf.mul(tf.relu(tf.sub(squares, tf.mul(inner, 2))), -gamma));
    }
  }
}

export const ml: readonly Op[] = [linearClassifier, linearRegressor, scaler, normalizer, svmClassifier];
