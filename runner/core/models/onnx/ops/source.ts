/** Values that come from nowhere, and the same values under another name or of another kind. */
import * as tf from '@tensorflow/tfjs';
import type { Op } from '../op.ts';
import { decodeTensorData, kindOf } from '../tensor-data.ts';
import { allowed, chosen, deviceValue, hostValue, type Kind, sizeOf, type Value } from '../value.ts';

const constant: Op = {
  type: 'Constant',
  domain: '',
  attributes: ['value', 'value_float', 'value_floats', 'value_int', 'value_ints'],
  run(call) {
    const stored = call.stored('value');
    if (stored !== null) return decodeTensorData(stored, 'a constant', null);
    const [floats, ints] = [call.floats('value_floats'), call.ints('value_ints')];
    if (floats !== null) return hostValue('float', [floats.length], floats);
    if (ints !== null) return hostValue('int', [ints.length], ints);
    if (call.node.attributes.has('value_float')) return hostValue('float', [], [call.float('value_float', 0)]);
    if (call.node.attributes.has('value_int')) return hostValue('int', [], [call.int('value_int', 0)]);
    return call.refuse('it has no value');
  },
};

function same(type: string, attributes: readonly string[]): Op {
  return {
    type,
    domain: '',
    attributes,
    run(call) {
      const mode = call.inputs[2];
      if (mode?.on === 'host' && mode.data[0] !== 0)
        call.refuse('training_mode is set', 'export the model after model.eval()');
      if (call.node.outputs.slice(1).some((name) => name !== '')) call.refuse('its mask is asked for');
      const x = call.input(0);
      return x.on === 'host' ? hostValue(x.kind, x.dims, x.data) : deviceValue(x.tensor, x.last, x.kind);
    },
  };
}

function converted(x: Value, kind: Kind): Value {
  if (x.on === 'host') {
    const change = (value: number) =>
      kind === 'bool' ? (value === 0 ? 0 : 1) : kind === 'int' ? Math.trunc(value) : value;
    return hostValue(kind, x.dims, Float64Array.from(x.data, change));
  }
  const type = kind === 'float' ? 'float32' : kind === 'int' ? 'int32' : 'bool';
  return deviceValue(x.kind === kind ? x.tensor : tf.cast(x.tensor, type), x.last, kind);
}

const cast: Op = {
  type: 'Cast',
  domain: '',
  attributes: ['round_mode', 'saturate', 'to'],
  limits: 'every kind of float is float32',
  run: (call) => converted(call.input(0), kindOf(call.int('to', 0), 'the result of a cast')),
};

const castLike: Op = {
  type: 'CastLike',
  domain: '',
  attributes: ['round_mode', 'saturate'],
  run: (call) => converted(call.input(0), call.input(1).kind),
};

const constantOfShape: Op = {
  type: 'ConstantOfShape',
  domain: '',
  attributes: ['value'],
  run(call) {
    const dims = allowed(call.numbers(0) ?? call.refuse('the shape is missing'));
    const stored = call.stored('value');
    const { kind, data } =
      stored === null ? { kind: 'float' as const, data: [0] } : decodeTensorData(stored, 'a constant', null);
    const [value = 0] = data;
    if (kind !== 'float' || sizeOf(dims) < 1024) return hostValue(kind, dims, Array<number>(sizeOf(dims)).fill(value));
    return deviceValue(tf.fill(dims, value));
  },
};

const range: Op = {
  type: 'Range',
  domain: '',
  attributes: [],
  run(call) {
    const [start, limit, delta] = [0, 1, 2].map(
      (index) => call.numbers(index)?.[0] ?? call.refuse(`input ${index} is missing`),
    ) as [number, number, number];
    const count = Math.max(0, Math.ceil((limit - start) / delta));
    allowed([count]);
    return hostValue(
      call.input(0).kind,
      [count],
      Float64Array.from({ length: count }, (_, i) => start + i * delta),
    );
  },
};

const trilu: Op = {
  type: 'Trilu',
  domain: '',
  attributes: ['upper'],
  run(call) {
    const x = call.tensor(0);
    const [rows, columns] = x.shape.slice(-2) as [number, number];
    const k = call.numbers(1)?.[0] ?? 0;
    const upper = call.int('upper', 1) !== 0;
    const kept = Int32Array.from({ length: rows * columns }, (_, i) => {
      const above = (i % columns) - Math.floor(i / columns);
      return (upper ? above >= k : above <= k) ? 1 : 0;
    });
    return deviceValue(
      chosen(tf.broadcastTo(tf.tensor2d(kept, [rows, columns], 'int32'), x.shape), x, tf.zerosLike(x)),
      false,
      call.input(0).kind,
    );
  },
};

export const sources: readonly Op[] = [
  constant,
  same('Identity', []),
  same('Dropout', ['seed']),
  cast,
  castLike,
  constantOfShape,
  range,
  trilu,
];
