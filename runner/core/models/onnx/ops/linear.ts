/** Products of matrices. */
import * as tf from '@tensorflow/tfjs';
import { einsum } from '../einsum.ts';
import { product } from '../matrices.ts';
import type { Op } from '../op.ts';
import { deviceValue } from '../value.ts';

const matMul: Op = {
  type: 'MatMul',
  domain: '',
  attributes: [],
  run: (call) => deviceValue(product(call.tensor(0), call.tensor(1))),
};

const gemm: Op = {
  type: 'Gemm',
  domain: '',
  attributes: ['alpha', 'beta', 'transA', 'transB'],
  run(call) {
    const [alpha, beta] = [call.float('alpha', 1), call.float('beta', 1)];
    const [a, b] = [call.tensor(0), call.tensor(1)];
    if (a.rank !== 2 || b.rank !== 2) call.refuse(`tensors of [${a.shape}] and [${b.shape}]; wanted matrices`);
    const right = call.once('right', [1], () =>
      tf.tidy(() => tf.mul(call.int('transB', 0) === 0 ? b : tf.transpose(b), alpha)),
    );
    const left = call.int('transA', 0) === 0 ? a : tf.transpose(a);
    const y = tf.matMul(left as tf.Tensor2D, right as tf.Tensor2D);
    if (call.inputs[2] === undefined) return deviceValue(y);
    return deviceValue(tf.add(y, beta === 1 ? call.tensor(2) : tf.mul(call.tensor(2), beta)));
  },
};

const einsumOp: Op = {
  type: 'Einsum',
  domain: '',
  attributes: ['equation'],
  limits: 'no letter twice in one operand',
  run(call) {
    const equation = call.node.attributes.get('equation');
    if (equation?.type !== 'string') return call.refuse('the equation is missing');
    const operands = call.inputs.map((_, i) => call.tensor(i));
    return deviceValue(einsum(equation.value, operands, (what) => call.refuse(what)));
  },
};

const attention: Op = {
  type: 'Attention',
  domain: '',
  attributes: [
    'is_causal',
    'kv_num_heads',
    'q_num_heads',
    'qk_matmul_output_mode',
    'scale',
    'softcap',
    'softmax_precision',
  ],
  limits: 'no stored keys and values; only the first output',
  run(call) {
    if (call.inputs[4] !== undefined || call.inputs[5] !== undefined) call.refuse('it is given keys of the past');
    if (call.node.outputs.slice(1).some((name) => name !== '')) call.refuse('more than its first output is asked for');
    const flat = call.tensor(0).rank === 3;
    const heads = [call.int('q_num_heads', 0), call.int('kv_num_heads', 0), call.int('kv_num_heads', 0)];
    const [q, k, v] = [0, 1, 2].map((i) => {
      const x = call.tensor(i);
      if (!flat) return x;
      const [batch, length, width] = x.shape as [number, number, number];
      const count = heads[i] as number;
      if (count < 1 || width % count !== 0) call.refuse(`${count} heads of ${width} values`);
      return tf.transpose(tf.reshape(x, [batch, length, count, width / count]), [0, 2, 1, 3]);
    }) as [tf.Tensor4D, tf.Tensor4D, tf.Tensor4D];
    const groups = (q.shape[1] as number) / (k.shape[1] as number);
    const [keys, values] = [shared(k, groups), shared(v, groups)];
    const scale = call.float('scale', 1 / Math.sqrt(q.shape[3] as number));
    let scores = product(tf.mul(q, scale), keys, true);
    const cap = call.float('softcap', 0);
    if (cap > 0) scores = tf.mul(tf.tanh(tf.div(scores, cap)), cap);
    const mask = call.inputs[3];
    if (mask !== undefined) {
      const shown = call.tensor(3);
      scores =
        mask.kind === 'bool'
          ? tf.where(tf.cast(shown, 'bool'), scores, tf.fill(scores.shape, NEVER))
          : tf.add(scores, shown);
    }
    if (call.int('is_causal', 0) !== 0) {
      const [rows, columns] = scores.shape.slice(-2) as [number, number];
      const before = Float32Array.from({ length: rows * columns }, (_, i) =>
        i % columns <= Math.floor(i / columns) ? 0 : NEVER,
      );
      scores = tf.add(scores, tf.tensor2d(before, [rows, columns]));
    }
    const y = product(tf.softmax(scores), values);
    if (!flat) return deviceValue(y);
    const [batch, count, length, width] = y.shape as [number, number, number, number];
    return deviceValue(tf.reshape(tf.transpose(y, [0, 2, 1, 3]), [batch, length, count * width]));
  },
};

/** A score that nothing is left of after softmax. */
const NEVER = -3.4e38;

/** Each head of keys or values for as many heads of queries. */
function shared(x: tf.Tensor4D, groups: number): tf.Tensor4D {
  if (groups === 1) return x;
  const [batch, heads, length, width] = x.shape;
  const all = tf.broadcastTo(tf.reshape(x, [batch, heads, 1, length, width]), [batch, heads, groups, length, width]);
  return tf.reshape(all, [batch, heads * groups, length, width]);
}

export const linear: readonly Op[] = [matMul, gemm, einsumOp, attention];
