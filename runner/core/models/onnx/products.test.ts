import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, test } from 'vitest';
import { startReference } from '../../../backends/index.ts';
import type { OnnxNode } from './messages.ts';
import { callOf } from './op.ts';
import { findOp } from './ops/index.ts';
import { joinProducts } from './products.ts';
import type { Step } from './program.ts';
import { deviceValue, hostValue, type Value } from './value.ts';

beforeAll(startReference);

const constants = new Map<string, Value>([
  ['half', hostValue('float', [1], [0.5])],
  ['third', hostValue('float', [], [1 / 3])],
  ['large', hostValue('float', [1], [1e30])],
  ['wide', hostValue('float', [1, 1, 1, 1, 1], [2])],
  ['pairs', hostValue('int', [3], [-1, 5, 4])],
  ['stacks', hostValue('int', [4], [2, 3, 4, 5])],
  ['broken', hostValue('int', [4], [2, 3, 2, 10])],
  ['lines', hostValue('int', [4], [2, 3, 10, 2])],
]);

function step(opType: string, inputs: readonly string[], output: string, perm?: readonly number[]): Step {
  const attributes = new Map(perm === undefined ? [] : [['perm', { type: 'ints', value: perm }]]);
  const node = { opType, domain: '', name: '', inputs, outputs: [output], attributes } as unknown as OnnxNode;
  return { node, op: findOp('', opType) as Step['op'] };
}

/** The value y of steps on queries [2, 3, 5, 4] and keys [2, 3, 5, 4], and the gradients of a sum of its squares. */
function computed(steps: readonly Step[]): { y: number[]; shape: number[]; slopes: number[][] } {
  const run = (q: tf.Tensor, k: tf.Tensor): tf.Tensor => {
    const values = new Map<string, Value>([...constants, ['q', deviceValue(q)], ['k', deviceValue(k)]]);
    for (const { node, op } of steps) {
      const given = node.inputs.map((name) => values.get(name));
      values.set(node.outputs[0] as string, op.run(callOf(node, 18, given, new Map(), (one) => one)) as Value);
    }
    return (values.get('y') as { tensor: tf.Tensor }).tensor;
  };
  return tf.tidy(() => {
    const [q, k] = [7, 8].map((seed) => tf.randomUniform([2, 3, 5, 4], -1, 1, 'float32', seed)) as [
      tf.Tensor,
      tf.Tensor,
    ];
    const y = run(q, k);
    const slopes = tf.grads((a, b) => tf.sum(tf.square(run(a as tf.Tensor, b as tf.Tensor))))([q, k]);
    return { y: [...y.dataSync()], shape: y.shape, slopes: slopes.map((slope) => [...slope.dataSync()]) };
  });
}

const product = step('MatMul', ['a', 'b'], 'y');
const first = step('Mul', ['q', 'half'], 'a');
const turn = (from: string, to: string) => step('Transpose', [from], to, [0, 1, 3, 2]);
function expectSame(got: readonly number[], wanted: readonly number[]): void {
  const largest = Math.max(...wanted.filter(Number.isFinite).map(Math.abs));
  expect(got).toHaveLength(wanted.length);
  for (const [i, value] of wanted.entries()) {
    if (Number.isFinite(value)) expect(Math.abs((got[i] as number) - value)).toBeLessThanOrEqual(1e-6 * largest);
    else expect(got[i]).toBe(value);
  }
}

test.each([
  ['keys that are turned', [first, turn('k', 'b'), product], 1],
  ['of which both are scaled', [first, turn('k', 'k1'), step('Mul', ['third', 'k1'], 'b'), product], 1],
  ['scaled before the turn, too', [first, step('Mul', ['k', 'third'], 'k1'), turn('k1', 'b'), product], 2],
  [
    'as the default exporter of PyTorch writes them',
    [
      first,
      step('Reshape', ['k', 'pairs'], 'k1'),
      step('Transpose', ['k1'], 'k2', [0, 2, 1]),
      step('Reshape', ['k2', 'stacks'], 'k3'),
      step('Mul', ['k3', 'half'], 'b'),
      product,
    ],
    2,
  ],
  ['turned for another reader too', [first, turn('k', 'b'), product, step('Neg', ['b'], 'c')], 4],
  ['with other axes turned', [step('Transpose', ['q'], 'a', [0, 1, 3, 2]), step('MatMul', ['a', 'k'], 'y')], 2],
  [
    'with the stacks turned, too',
    [first, step('Transpose', ['k'], 'k1', [1, 0, 3, 2]), step('Reshape', ['k1', 'stacks'], 'b'), product],
    4,
  ],
  [
    'whose matrices are reshaped after the turn',
    [step('Reshape', ['q', 'lines'], 'a'), turn('k', 'k1'), step('Reshape', ['k1', 'broken'], 'b'), product],
    2,
  ],
  [
    'whose scales fit one by one alone',
    [step('Mul', ['q', 'large'], 'a'), turn('k', 'k1'), step('Mul', ['k1', 'large'], 'b'), product],
    4,
  ],
  ['scaled by a number of more axes', [step('Mul', ['q', 'wide'], 'a'), turn('k', 'b'), product], 2],
] as const)('%s: values and gradients stay', (_, steps, left) => {
  const joined = joinProducts(steps, constants, 'y');
  expect(joined).toHaveLength(left);
  const [before, after] = [computed(steps), computed(joined)];
  expect(after.shape).toEqual(before.shape);
  expectSame(after.y, before.y);
  for (const [i, slope] of after.slopes.entries()) expectSame(slope, before.slopes[i] as number[]);
});

test('what is asked for is made, also where a product alone reads it', () => {
  const steps = [turn('k', 'b'), step('MatMul', ['q', 'b'], 'z')];
  expect(joinProducts(steps, constants, 'b')).toHaveLength(2);
  expect(joinProducts(steps, constants, 'z')).toHaveLength(1);
});

test('joined, nothing is turned by itself, forward or backward', async () => {
  const steps = [first, turn('k', 'b'), product];
  const turns = async (all: readonly Step[]) => {
    const { kernelNames } = await tf.profile(() => void computed(all));
    return kernelNames.filter((name) => name === 'Transpose').length;
  };
  expect(await turns(steps)).toBeGreaterThan(0);
  expect(await turns(joinProducts(steps, constants, 'y'))).toBe(0);
});
