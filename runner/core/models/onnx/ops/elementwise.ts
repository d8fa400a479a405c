/** Operators that work value by value, on one tensor or on two. */
import * as tf from '@tensorflow/tfjs';
import { combineOnDevice, combineOnHost } from '../broadcast.ts';
import type { Op } from '../op.ts';
import { chosen, deviceValue, flat, hostValue, type Kind, type Value } from '../value.ts';

interface Binary {
  host(a: number, b: number): number;
  device(a: tf.Tensor, b: tf.Tensor): tf.Tensor;
  /** Where the result is of another kind than the operands. */
  readonly kind?: Kind;
}

const truth = (yes: boolean): number => (yes ? 1 : 0);

const binaries: Readonly<Record<string, Binary>> = {
  Add: { host: (a, b) => a + b, device: tf.add },
  Sub: { host: (a, b) => a - b, device: tf.sub },
  Mul: { host: (a, b) => a * b, device: tf.mul },
  Pow: { host: (a, b) => a ** b, device: power },
  Equal: { host: (a, b) => truth(a === b), device: tf.equal, kind: 'bool' },
  Less: { host: (a, b) => truth(a < b), device: tf.less, kind: 'bool' },
  LessOrEqual: { host: (a, b) => truth(a <= b), device: tf.lessEqual, kind: 'bool' },
  Greater: { host: (a, b) => truth(a > b), device: tf.greater, kind: 'bool' },
  GreaterOrEqual: { host: (a, b) => truth(a >= b), device: tf.greaterEqual, kind: 'bool' },
  And: { host: (a, b) => truth(a !== 0 && b !== 0), device: tf.logicalAnd, kind: 'bool' },
  Or: { host: (a, b) => truth(a !== 0 || b !== 0), device: tf.logicalOr, kind: 'bool' },
  Xor: { host: (a, b) => truth((a !== 0) !== (b !== 0)), device: tf.logicalXor, kind: 'bool' },
};

/** A square is a product: the gradient of a power takes the logarithm of its base. */
function power(base: tf.Tensor, exponent: tf.Tensor): tf.Tensor {
  return tf.pow(base, tf.cast(exponent, base.dtype));
}

function combined(call: Parameters<Op['run']>[0], { host, device, kind }: Binary): Value {
  const [a, b] = [call.input(0), call.input(1)];
  const result = kind ?? a.kind;
  if (a.on === 'host' && b.on === 'host') return combineOnHost(call, result, a, b, host);
  const apply = device as (...tensors: tf.Tensor[]) => tf.Tensor;
  return combineOnDevice([a, b], result, kind === 'bool' ? flat(apply) : apply);
}

const binaryOps: Op[] = Object.entries(binaries).map(([type, binary]) => ({
  type,
  domain: '',
  attributes: [],
  run(call) {
    const exponent = call.inputs[1];
    // With a fixed whole exponent the gradient needs no logarithm, which a negative base does not have.
    if (type === 'Pow' && exponent?.on === 'host' && exponent.data.length === 1 && call.input(0).on === 'device') {
      const [n] = exponent.data as unknown as [number];
      if (n === 1 || n === 2 || n === 3) {
        return combineOnDevice([call.input(0)], call.input(0).kind, (x) => {
          const base = x as tf.Tensor;
          return n === 1 ? base : n === 2 ? tf.square(base) : tf.mul(tf.square(base), base);
        });
      }
      if (n === 0.5) return combineOnDevice([call.input(0)], 'float', (x) => tf.sqrt(x as tf.Tensor));
    }
    return combined(call, binary);
  },
}));

const div: Op = {
  type: 'Div',
  domain: '',
  attributes: [],
  run(call) {
    const whole = call.input(0).kind === 'int';
    return combined(call, {
      host: (a, b) => (whole ? Math.trunc(a / b) : a / b),
      device: (a, b) => (whole ? tf.cast(truncated(tf.div(tf.cast(a, 'float32'), b)), 'int32') : tf.div(a, b)),
    });
  },
};

function truncated(x: tf.Tensor): tf.Tensor {
  return tf.mul(tf.sign(x), tf.floor(tf.abs(x)));
}

const mod: Op = {
  type: 'Mod',
  domain: '',
  attributes: ['fmod'],
  run(call) {
    const likeC = call.int('fmod', 0) !== 0;
    if (call.input(0).kind === 'float' && !likeC) call.refuse('floats with fmod = 0');
    return combined(call, {
      host: (a, b) => (likeC ? a % b : a - b * Math.floor(a / b)),
      device: (a, b) => (likeC ? tf.sub(a, tf.mul(b, truncated(tf.div(a, b)))) : tf.mod(a, b)),
    });
  },
};

/** Of any number of operands. */
function variadic(type: string, host: (a: number, b: number) => number, device: Binary['device']): Op {
  return {
    type,
    domain: '',
    attributes: [],
    run(call) {
      let sum = call.input(0);
      for (let i = 1; i < call.inputs.length; i++) {
        const next = call.input(i);
        if (sum.on === 'host' && next.on === 'host') sum = combineOnHost(call, sum.kind, sum, next, host);
        else sum = combineOnDevice([sum, next], sum.kind, device as (...tensors: tf.Tensor[]) => tf.Tensor);
      }
      return type === 'Mean' ? scaled(sum, 1 / call.inputs.length) : sum;
    },
  };
}

function scaled(value: Value, factor: number): Value {
  if (value.on === 'host')
    return hostValue(
      value.kind,
      value.dims,
      value.data.map((one) => one * factor),
    );
  return deviceValue(tf.mul(value.tensor, factor), value.last);
}

interface Unary {
  host(x: number): number;
  device(x: tf.Tensor): tf.Tensor;
  readonly kind?: Kind;
}

/** To the nearest whole number, halves to the even one. */
function rounded(x: number): number {
  const low = Math.floor(x);
  const half = x - low;
  if (half !== 0.5) return half < 0.5 ? low : low + 1;
  return low % 2 === 0 ? low : low + 1;
}

const unaries: Readonly<Record<string, Unary>> = {
  Abs: { host: Math.abs, device: tf.abs },
  Neg: { host: (x) => -x, device: tf.neg },
  Exp: { host: Math.exp, device: tf.exp },
  Log: { host: Math.log, device: tf.log },
  Sqrt: { host: Math.sqrt, device: tf.sqrt },
  Reciprocal: { host: (x) => 1 / x, device: (x) => tf.div(1, x) },
  Floor: { host: Math.floor, device: tf.floor },
  Ceil: { host: Math.ceil, device: tf.ceil },
  Round: { host: rounded, device: tf.round },
  Sign: { host: Math.sign, device: tf.sign },
  Sin: { host: Math.sin, device: tf.sin },
  Cos: { host: Math.cos, device: tf.cos },
  Tan: { host: Math.tan, device: tf.tan },
  Asin: { host: Math.asin, device: tf.asin },
  Acos: { host: Math.acos, device: tf.acos },
  Atan: { host: Math.atan, device: tf.atan },
  Sinh: { host: Math.sinh, device: (x) => tf.div(tf.sub(tf.exp(x), tf.exp(tf.neg(x))), 2) },
  Cosh: { host: Math.cosh, device: (x) => tf.div(tf.add(tf.exp(x), tf.exp(tf.neg(x))), 2) },
  Tanh: { host: Math.tanh, device: tf.tanh },
  Asinh: { host: Math.asinh, device: (x) => tf.log(tf.add(x, tf.sqrt(tf.add(tf.square(x), 1)))) },
  Acosh: { host: Math.acosh, device: (x) => tf.log(tf.add(x, tf.sqrt(tf.sub(tf.square(x), 1)))) },
  Atanh: { host: Math.atanh, device: (x) => tf.div(tf.sub(tf.log1p(x), tf.log1p(tf.neg(x))), 2) },
  Not: { host: (x) => truth(x === 0), device: tf.logicalNot, kind: 'bool' },
  IsNaN: { host: (x) => truth(Number.isNaN(x)), device: tf.isNaN, kind: 'bool' },
};

const unaryOps: Op[] = Object.entries(unaries).map(([type, { host, device, kind }]) => ({
  type,
  domain: '',
  attributes: [],
  run(call) {
    const x = call.input(0);
    if (x.on === 'host') return hostValue(kind ?? x.kind, x.dims, Float64Array.from(x.data, host));
    return deviceValue(
      kind === 'bool' ? flat(device as (...tensors: tf.Tensor[]) => tf.Tensor)(x.tensor) : device(x.tensor),
      x.last,
      kind ?? x.kind,
    );
  },
}));

const where: Op = {
  type: 'Where',
  domain: '',
  attributes: [],
  run(call) {
    const values = [call.input(0), call.input(1), call.input(2)] as const;
    const [condition, yes, no] = values;
    if (condition.on === 'host' && yes.on === 'host' && no.on === 'host') {
      // A pair at a time: which of both, then the one chosen.
      const chosen = combineOnHost(call, yes.kind, condition, yes, (is, one) => (is !== 0 ? one : Number.NaN));
      const other = combineOnHost(call, yes.kind, condition, no, (is, one) => (is === 0 ? one : Number.NaN));
      return combineOnHost(call, yes.kind, chosen, other, (one, two) => (Number.isNaN(one) ? two : one));
    }
    return combineOnDevice(values, yes.kind, (is, one, two) =>
      chosen(is as tf.Tensor, one as tf.Tensor, two as tf.Tensor),
    );
  },
};

export const elementwise: readonly Op[] = [
  ...binaryOps,
  div,
  mod,
  ...unaryOps,
  where,
  variadic('Sum', (a, b) => a + b, tf.add),
  variadic('Mean', (a, b) => a + b, tf.add),
  variadic('Max', Math.max, tf.maximum),
  variadic('Min', Math.min, tf.minimum),
];
