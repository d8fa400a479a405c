import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import type { NamedTensors } from '../../models/architecture.ts';
import { softmaxRegression } from '../../models/softmax-regression.ts';
import { linear } from '../../testing/classifiers.ts';
import type { Phase } from '../../training/method.ts';
import { stepOff } from './machine-step.ts';
import { elected, neighbours } from './neighbours.ts';
import { squaredHinge } from './nets.ts';
import { attackTree, growTree, isLeaf, predictTree } from './tree.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const noPause = async () => {};

describe('a decision tree', () => {
  // Two pixels; class 0 where both are dark, 1 where the first is bright, 2 where only the second is.
  const x = Float32Array.of(0.1, 0.1, 0.2, 0.0, 0.9, 0.1, 0.8, 0.9, 0.1, 0.9, 0.2, 0.8);
  const y = Int32Array.of(0, 0, 1, 1, 2, 2);
  const tree = growTree(x, y, 3);

  it('has its training images right, by the fewest questions', () => {
    expect([...predictTree(tree, x, 2)]).toEqual([...y]);
    const depth = (one: typeof tree): number => (isLeaf(one) ? 0 : 1 + Math.max(depth(one.dark), depth(one.bright)));
    expect(depth(tree)).toBe(2);
  });

  it('ends where no pixel parts the images', () => {
    const same = growTree(Float32Array.of(0.5, 0.5, 0.5), Int32Array.of(1, 1, 0), 2);
    expect(same).toEqual({ label: 1 });
  });

  it('is misled by one pixel, just over its threshold, and only where it was right', () => {
    const attacked = attackTree(tree, x, Int32Array.of(0, 1, 1, 1, 2, 2));
    const changed = Array.from({ length: 6 }, (_, row) =>
      [0, 1].filter((i) => attacked[2 * row + i] !== x[2 * row + i]),
    );
    expect(changed.map(({ length }) => length)).toEqual([1, 0, 1, 1, 1, 1]);
    const said = predictTree(tree, attacked, 2);
    for (const row of [0, 2, 3, 4, 5]) expect(said[row]).not.toBe(y[row]);
    expect(said[1]).toBe(0);
    for (const value of attacked) expect(value).toBeGreaterThanOrEqual(0);
  });

  it('keeps to what was asked on the way down when the same pixel is asked twice', () => {
    // One pixel: dark 0, middle 1, bright 0.
    const levels = Float32Array.of(0.1, 0.5, 0.9);
    const twice = growTree(levels, Int32Array.of(0, 1, 0), 2);
    const said = predictTree(twice, attackTree(twice, levels, Int32Array.of(0, 1, 0)), 1);
    expect([...said]).toEqual([1, 0, 1]);
  });
});

describe('nearest neighbours', () => {
  const near = () =>
    neighbours({ x: Float32Array.of(0, 0, 1, 1, 0.9, 1), y: Int32Array.of(1, 0, 0), count: 3 }, [1, 2, 1], 2);

  it('vote, and of as many votes the nearest counts', async () => {
    const them = near();
    expect([...(await them.predict(Float32Array.of(0.1, 0, 0.8, 0.8), 1, noPause))]).toEqual([1, 0]);
    expect([...(await them.predict(Float32Array.of(0.1, 0), 2, noPause))]).toEqual([1]);
    expect([...(await them.predict(Float32Array.of(0.1, 0), 3, noPause))]).toEqual([0]);
    expect(elected([3, 1, 1, 3])).toBe(3);
    them.smooth.dispose();
  });

  it('have a smooth stand-in whose softmax is the vote by exp(−distance²)', () => {
    const them = near();
    const x = tf.tensor4d([0.5, 0.25], [1, 1, 2, 1]);
    const weights = [0.5 ** 2 + 0.25 ** 2, 0.5 ** 2 + 0.75 ** 2, 0.4 ** 2 + 0.75 ** 2].map((square) =>
      Math.exp(-square),
    );
    const [first, second, third] = weights as [number, number, number];
    const p = tf.softmax(them.smooth.logits(x)).dataSync();
    expect(p[1]).toBeCloseTo(first / (first + second + third), 5);
    const slope = tf.grad((image) => tf.sum(tf.slice(them.smooth.logits(image as tf.Tensor4D), [0, 1], [1, 1])))(x);
    // Of −‖x − z‖² with z = 0.
    expect([...slope.dataSync()].map((value) => Number(value.toFixed(4)))).toEqual([-1, -0.5]);
    them.smooth.dispose();
  });
});

it('a step off the plane has its length, or ends at the edge of the pixel range', async () => {
  const weights = Float32Array.from({ length: 32 }, (_, i) => (i % 2 === 0 ? 3 : -1));
  const net = linear(weights, Float32Array.of(0, 0));
  const examples = { x: new Float32Array(32).fill(0.5).fill(0.1, 16), y: Int32Array.of(0, 0), count: 2 };
  const moved = await stepOff(net, examples, 1);
  // 16 weights of 3: the unit vector is 1/4 in each.
  expect(moved[0]).toBeCloseTo(0.25, 6);
  expect(moved[16]).toBe(0);
});

it('support vector machines pay for what is within their margin, squared', () => {
  // Scores are 2, 0.5 and −3 whatever the weight: the own class is beyond its margin, the second 1.5 within its own, the third beyond.
  const forward = (weights: NamedTensors) =>
    tf.add(tf.tensor2d([[2, 0.5, -3]]), tf.mul(weights['w'] as tf.Tensor, 0)) as tf.Tensor2D;
  const step = {
    architecture: {
      ...softmaxRegression('one', 'One', [1, 1, 1], 3),
      parameters: [{ name: 'w', shape: [], fan: null }],
      forward,
      prepare: (weights: NamedTensors) => weights,
    },
    parameters: [tf.scalar(1)],
    labels: tf.tensor2d([[1, 0, 0]]),
    x: tf.zeros([1, 1, 1, 1]) as tf.Tensor4D,
  };
  const [phase] = squaredHinge.phases({ epochs: 1 });
  const { loss } = (phase as Phase).objective?.({ ...step, weights: {}, time: 0, seed: 0, stream: '', step: 0 }) ?? {};
  expect(loss?.dataSync()[0]).toBeCloseTo(1.5 ** 2, 6);
});
