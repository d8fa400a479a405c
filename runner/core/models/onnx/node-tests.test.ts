/**
 * The ONNX project's own tests of single operators, `onnx.backend.test.loader.load_model_tests(kind='node')` of PyPI's onnx, packed by
 * `runner/bench/onnx-node-tests.ts`. Every one of an operator that the reader knows runs, unless it is named below with the reason.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import * as tf from '@tensorflow/tfjs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startBackend } from '../../../backends/index.ts';
import { isInstalled } from '../../../backends/native-files.ts';
import { decodeTensor } from './message-tensor.ts';
import { decodeModel } from './messages.ts';
import { compile, opsets } from './program.ts';
import { decodeTensorData } from './tensor-data.ts';
import { deviceValue, dimsOf, plain, type Value } from './value.ts';

interface Packed {
  readonly name: string;
  readonly ops?: readonly string[];
  /** Of a file that is refused as a whole: loops, sequences, functions. */
  readonly refused?: string;
  /** Of one that is left out for its size. */
  readonly bytes?: number;
  readonly model?: string;
  readonly inputs?: readonly string[];
  readonly outputs?: readonly string[];
}

/** Tests of known operators that do not run, by a pattern of their names, and why. */
const excluded: readonly (readonly [pattern: RegExp, reason: string])[] = [
  [/FLOAT8|FLOAT4|INT4|STRING|string/, 'an element type that no classifier computes with'],
  [/BFLOAT16/, 'the test stores bfloat16 as uint16'],
  [/pool_3d|convtranspose_[13]d$/, 'three spatial axes, and a transposed convolution of one'],
  [/^test_attention_4d_.*(past|qk_matmul)((?!expanded).)*$/, 'keys of the past, and outputs beside the first'],
  [/^test_attention_3d.*past((?!expanded).)*$/, 'keys of the past'],
  [/^test_attention_(3d|4d_gqa)((?!expanded).)*$/, 'onnx 1.18 takes heads apart in another order than later versions'],
  [/select_last_index/, 'the last of equal values'],
  [/training|dropout_default_mask|dropout_random_old/, 'training, and masks that only training has'],
  [/argmax_2d/, 'the indices of the maxima'],
  [/tf_crop_and_resize/, 'cropping'],
  [/einsum_batch_diagonal/, 'a letter twice in one operand'],
  [/test_mvn$/, 'the mean of a batch'],
  [/test_identity_(opt|sequence)/, 'a sequence'],
  [/test_range_float_type/, 'an end that depends on the image'],
  [/reduce_.*empty_set|_bool_inputs|maxpool_2d_uint8/, 'nothing, truths or bytes in the place of images'],
];

const file = join(import.meta.dirname, '../../testing/onnx/node-tests.json.gz');
const { onnx, tests } = JSON.parse(gunzipSync(readFileSync(file)).toString()) as { onnx: string; tests: Packed[] };
const known = tests.filter(({ model }) => model !== undefined);
const reasonOf = ({ name }: Packed) => excluded.find(([pattern]) => pattern.test(name))?.[1];
const run = known.filter((one) => reasonOf(one) === undefined);

afterAll(() => {
  const left = known.length - run.length;
  const others = tests.length - known.length;
  console.log(
    `onnx ${onnx}: ${tests.length} tests of operators, ${run.length} run, ${left} excluded for a reason, ${others} of other operators`,
  );
});

const backends = ['wasm', ...(isInstalled('cpu') ? ['native'] : [])] as ('wasm' | 'native')[];

describe.each(backends)('%s', (backend) => {
  beforeAll(async () => {
    await startBackend(backend);
  });

  test.each(run.map((one) => [one.name, one] as const))('%s', (_name, packed) => {
    requireEqual(packed);
  });

  test('none of those excluded would pass', () => {
    const passing = known.filter((one) => {
      if (reasonOf(one) === undefined) return false;
      try {
        requireEqual(one);
        return true;
      } catch {
        return false;
      }
    });
    // A backend may do more than is promised of all of them.
    const promised = passing.filter(({ name }) => !/empty_set|_bool_inputs|maxpool_2d_uint8/.test(name));
    expect(promised.map(({ name }) => name)).toEqual([]);
  });
});

function requireEqual(packed: Packed): void {
  tf.tidy(() => {
    for (const [i, { got, wanted }] of outcomesOf(packed).entries()) {
      expect(dimsOf(got), `shape of output ${i}`).toEqual(wanted.dims);
      const values = got.on === 'host' ? got.data : plain(got).dataSync();
      for (const [k, value] of wanted.data.entries()) {
        const own = Number(values[k]);
        // The tolerance of the project's own runner, and what float32 leaves of sums that cancel.
        const near = Object.is(own, value) || own === value || Math.abs(own - value) <= 1e-5 + 1e-3 * Math.abs(value);
        if (!near) expect(own, `value ${k} of output ${i}`).toBe(value);
      }
    }
  });
}

/** Operators whose values here jump, or are rounded, so that differences say nothing of a slope. */
const jumping = /^(Floor|Ceil|Round|Sign|Mod|ArgMax|ArgMin|Shrink|ThresholdedRelu|Cast|CastLike|Div|Where|Equal)$/;

test('gradients are those that differences along a line show', async () => {
  await startBackend('wasm');
  const seen = new Map<string, number>();
  for (const packed of run) {
    const { ops = [] } = packed;
    if (ops.some((op) => jumping.test(op))) continue;
    tf.engine().startScope();
    const slopes = slopesOf(packed);
    tf.engine().endScope();
    if (slopes === null) continue;
    const { exact, before, after, noise } = slopes;
    const slope = (before + after) / 2;
    // A kink here or on the way, as of a maximum that changes hands, shows in the difference of both sides.
    if (Math.abs(after - before) > 0.1 * Math.abs(slope) + noise) continue;
    expect(Math.abs(exact - slope), `${packed.name}: ${exact} and by differences ${slope}`).toBeLessThan(
      0.02 * Math.abs(slope) + 2 * noise,
    );
    for (const op of ops) seen.set(op, (seen.get(op) ?? 0) + 1);
  }
  console.log(`gradients of ${seen.size} operators: ${[...seen.keys()].sort().join(', ')}`);
  for (const op of [
    'Conv',
    'ConvTranspose',
    'MaxPool',
    'AveragePool',
    'Resize',
    'Einsum',
    'TopK',
    'Attention',
    'Pad',
    'Slice',
  ]) {
    expect(seen.get(op) ?? 0, op).toBeGreaterThan(0);
  }
});

/** Along one direction, of a weighted sum of all that a test computes: the gradient's slope, and two differences. */
function slopesOf(packed: Packed) {
  const { inputs, programs } = preparedOf(packed);
  const given = [...inputs].flatMap(([name, value]) =>
    value.on === 'device' && value.kind === 'float' ? [{ name, value }] : [],
  );
  if (given.length === 0 || given.some(({ value }) => value.tensor.size === 0)) return null;
  const tensors = given.map(({ value }) => value.tensor);
  const total = (...xs: tf.Tensor[]): tf.Scalar => {
    const all = new Map(inputs);
    for (const [i, { name }] of given.entries()) all.set(name, deviceValue(xs[i] as tf.Tensor));
    const sums = programs.flatMap((program) => {
      const value = program.run(all);
      if (value.on === 'host' || value.kind !== 'float') return [];
      const y = plain(value);
      const weights = tf.randomUniform(y.shape, 0.5, 1.5, 'float32', 5);
      return [tf.sum(tf.mul(y, weights))];
    });
    return (sums.length === 0 ? tf.scalar(0) : tf.addN(sums)) as tf.Scalar;
  };
  const directions = tensors.map((tensor, i) => tf.randomUniform(tensor.shape, -1, 1, 'float32', 7 + i));
  let gradients: tf.Tensor[];
  try {
    gradients = tf.grads(total)(tensors);
  } catch (error) {
    // Of what depends on no input there is none.
    if (/Cannot compute gradient of y=f/.test((error as Error).message)) return null;
    throw error;
  }
  const exact = tf.addN(gradients.map((g, i) => tf.sum(tf.mul(g, directions[i] as tf.Tensor)))).dataSync()[0] as number;
  const at = (step: number) =>
    total(
      ...tensors.map((tensor, i) => tf.add(tensor, tf.mul(directions[i] as tf.Tensor, step))),
    ).dataSync()[0] as number;
  const step = 1e-2;
  const here = at(0);
  const [before, after] = [(here - at(-step)) / step, (at(step) - here) / step];
  const noise = 1e-4 * Math.abs(here) + 1e-3;
  return Number.isFinite(before) && Number.isFinite(after) ? { exact, before, after, noise } : null;
}

test('what is excluded is there, and every reason is needed', () => {
  for (const [pattern, reason] of excluded) {
    expect(
      known.some(({ name }) => pattern.test(name)),
      `${pattern}: ${reason}`,
    ).toBe(true);
  }
});

test('at least 860 of them run', () => {
  expect(run.length).toBeGreaterThanOrEqual(860);
});

function bytesOf(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'base64'));
}

function preparedOf({ model: text, inputs: given = [] }: Packed) {
  const model = decodeModel(bytesOf(text ?? ''));
  // A test carries the version in which its operator last changed: from there to the oldest that is read it means the same.
  const versions = new Map(
    [...model.opsets].map(([domain, version]) => [domain, Math.max(version, opsets[domain]?.oldest ?? 0)]),
  );
  const inputs = new Map(
    model.graph.inputs.map(({ name }, i): [string, Value] => {
      const value = decodeTensorData(decodeTensor(bytesOf(given[i] ?? ''), name), name, null);
      // Scales, limits and paddings are numbers known beforehand; images are not.
      const small = i > 0 && value.dims.length < 2 && value.data.length <= 8;
      return [name, value.kind === 'float' && !small ? deviceValue(plain(value)) : value];
    }),
  );
  const { outputs } = model.graph;
  const programs = outputs.map(({ name }) => compile({ ...model, opsets: versions }, [...inputs.keys()], name, null));
  return { inputs, outputs, programs };
}

function outcomesOf(packed: Packed) {
  const { inputs, outputs, programs } = preparedOf(packed);
  return outputs.map(({ name }, i) => ({
    got: (programs[i] as (typeof programs)[number]).run(inputs),
    wanted: decodeTensorData(decodeTensor(bytesOf(packed.outputs?.[i] ?? ''), name), name, null),
  }));
}
