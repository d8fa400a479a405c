import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, test } from 'vitest';
import { startReference } from '../../../backends/index.ts';
import type { OnnxNode } from './messages.ts';
import { callOf } from './op.ts';
import { findOp } from './ops/index.ts';
import type { Step } from './program.ts';
import { joinSlices } from './slices.ts';
import { deviceValue, hostValue, type Value } from './value.ts';

beforeAll(startReference);

/** Slices of x along axis 0, and the constants that say from where to where. */
function slices(ranges: readonly (readonly [number, number])[]) {
  const constants = new Map<string, Value>();
  const known = (name: string, value: number) => {
    constants.set(name, hostValue('int', [1], [value]));
    return name;
  };
  const steps = ranges.map(([start, end], i): Step => {
    const inputs = ['x', known(`s${i}`, start), known(`e${i}`, end), known('axis', 0)];
    const node = { opType: 'Slice', domain: '', name: '', inputs, outputs: [`y${i}`], attributes: new Map() };
    return { node: node as unknown as OnnxNode, op: findOp('', 'Slice') as Step['op'] };
  });
  return { steps, constants };
}

function results({ steps, constants }: ReturnType<typeof slices>, x: Value): number[][] {
  return steps.flatMap(({ node, op }) => {
    const given = node.inputs.map((name) => (name === 'x' ? x : constants.get(name)));
    const made = op.run(callOf(node, 18, given, new Map(), (tensor) => tensor)) as Value | readonly Value[];
    return [made].flat().map((value) => {
      const one = value as Value;
      return one.on === 'host' ? [...one.data] : [...one.tensor.dataSync()];
    });
  });
}

const x = () => deviceValue(tf.tensor2d([1, 2, 3, 4, 5, 6, 7, 8], [4, 2]));

test.each([
  [
    'that cover all',
    [
      [0, 1],
      [1, 4],
    ],
    1,
  ],
  [
    'in another order, with something left',
    [
      [1, 2],
      [0, 1],
    ],
    1,
  ],
  [
    'the last of which ends far beyond',
    [
      [0, 2],
      [2, 2 ** 31],
    ],
    1,
  ],
  [
    'one of which is empty here',
    [
      [0, 4],
      [4, 9],
    ],
    1,
  ],
  [
    'with a gap',
    [
      [0, 1],
      [2, 4],
    ],
    2,
  ],
  [
    'that overlap',
    [
      [0, 2],
      [1, 4],
    ],
    2,
  ],
  ['of which there is one', [[0, 2]], 1],
] as const)('slices %s give what they gave', (_, ranges, left) => {
  const before = slices(ranges);
  const after = { ...before, steps: joinSlices(before.steps, before.constants) };
  expect(after.steps).toHaveLength(left);
  const names = after.steps.flatMap(({ node }) => node.outputs);
  const by = (all: number[][]) => new Map(names.map((name, i) => [name, all[i]]));
  const wanted = results(before, x());
  const got = by(results(after, x()));
  for (const [i, { node }] of before.steps.entries()) expect(got.get(node.outputs[0] as string)).toEqual(wanted[i]);
});

test('slices of numbers on the host stay there', () => {
  const before = slices([
    [0, 1],
    [1, 3],
  ]);
  const after = { ...before, steps: joinSlices(before.steps, before.constants) };
  expect(results(after, hostValue('int', [3], [7, 8, 9]))).toEqual([[7], [8, 9]]);
});

test('the gradient of the parts is that of the whole', () => {
  const { steps, constants } = slices([
    [0, 1],
    [1, 4],
  ]);
  const joined = { steps: joinSlices(steps, constants), constants };
  const slope = tf.grad((given) => {
    const [{ node, op }] = joined.steps as [Step];
    const parts = op.run(callOf(node, 18, [deviceValue(given)], new Map(), (tensor) => tensor)) as readonly Value[];
    const [first, second] = parts.map((part) => (part as { tensor: tf.Tensor }).tensor) as [tf.Tensor, tf.Tensor];
    return tf.add(tf.sum(tf.mul(first, 2)), tf.sum(tf.square(second)));
  })(tf.tensor2d([1, 2, 3, 4, 5, 6, 7, 8], [4, 2]));
  expect([...slope.dataSync()]).toEqual([2, 2, 6, 8, 10, 12, 14, 16]);
});
