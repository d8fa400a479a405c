import * as tf from '@tensorflow/tfjs';
import { beforeEach, describe, expect, test } from 'vitest';
import { startBackend } from '../backends/index.ts';
import { needsNative } from '../backends/testing.ts';
import type { PerExampleLoss } from './gradients.ts';
import {
  attackLoss,
  attackLosses,
  classLogit,
  classProbability,
  crossEntropy,
  dlr,
  margin,
  negated,
  otherLogits,
  rescaledCrossEntropy,
  targetedDlr,
} from './losses.ts';

/** Value of a loss and its derivative with respect to the logits of one image. */
async function at(loss: PerExampleLoss, logits: number[]): Promise<{ value: number; derivative: number[] }> {
  const z = tf.tensor2d(logits, [1, logits.length]);
  const value = loss(z);
  const derivative = tf.grad((input) => tf.sum(loss(input as tf.Tensor2D)))(z);
  const result = { value: (await value.data())[0] as number, derivative: [...(await derivative.data())] };
  tf.dispose([z, value, derivative]);
  return result;
}

/** Expects each to be within 1e-5 of its counterpart's size. */
function expectClose(values: number[], wanted: number[]) {
  expect(values.length).toBe(wanted.length);
  for (const [i, value] of wanted.entries()) {
    expect(Math.abs((values[i] as number) - value)).toBeLessThanOrEqual(1e-5 * Math.abs(value));
  }
}

describe.each(['cpu', 'wasm', 'native'] as const)('on %s', (backend) => {
  beforeEach(async (context) => {
    if (backend === 'native') needsNative(context);
    await (backend === 'cpu' ? tf.setBackend('cpu') : startBackend(backend));
  });

  test('cross-entropy', async () => {
    // Probabilities 1/4, 1/4, 1/2.
    const { value, derivative } = await at(crossEntropy([2]), [0, 0, Math.log(2)]);
    expect(value).toBeCloseTo(Math.log(2), 6);
    expectClose(derivative, [0.25, 0.25, -0.5]);
  });

  test('cross-entropy keeps its derivative where the probability rounds to 1', async () => {
    const { derivative } = await at(crossEntropy([0]), [50, 0, 0]);
    expectClose(derivative, [-2 * Math.exp(-50), Math.exp(-50), Math.exp(-50)]);
  });

  test('cross-entropy has none where the other probabilities underflow', async () => {
    expect((await at(crossEntropy([0]), [200, 0, 0])).derivative.map(Math.abs)).toEqual([0, 0, 0]);
  });

  test('cross-entropy does not mind logits of a million', async () => {
    const { value, derivative } = await at(crossEntropy([1]), [1e6, 1e6, 1e6]);
    expect(value).toBeCloseTo(Math.log(3), 6);
    expectClose(derivative, [1 / 3, -2 / 3, 1 / 3]);
  });

  test.each([
    // (z[y] − rival) / (z(1) − z(3)): 2 / 4, its slope by the quotient rule.
    ['of a class that wins', [1, 5, 3, 0], 1, -2 / 4, [-2 / 16, 2 / 16 - 1 / 4, 1 / 4, 0]],
    ['of a class that loses', [1, 5, 3, 0], 3, 5 / 4, [5 / 16, 1 / 4 - 5 / 16, 0, -1 / 4]],
    ['negative', [-9, -5, -7, -11], 1, -2 / 4, [-2 / 16, 2 / 16 - 1 / 4, 1 / 4, 0]],
  ])('DLR of logits, %s', async (_name, logits, label, wanted, slope) => {
    const { value, derivative } = await at(dlr([label]), logits);
    expect(value).toBeCloseTo(wanted, 6);
    expectClose(derivative, slope);
  });

  test('targeted DLR divides by the largest minus the mean of the third and the fourth', async () => {
    const { value, derivative } = await at(targetedDlr([1], [2]), [1, 5, 3, 0, -2]);
    const ratio = 2 / 4.5;
    expect(value).toBeCloseTo(-ratio, 6);
    expectClose(derivative, [(-ratio * 0.5) / 4.5, (ratio - 1) / 4.5, 1 / 4.5, (-ratio * 0.5) / 4.5, 0]);
  });

  test.each([
    ['dlr', dlr([0])],
    ['targeted dlr', targetedDlr([0], [2])],
    ['rescaled cross-entropy', rescaledCrossEntropy([0])],
  ])(
    '%s does not change with the scale or a shift of the logits, and is finite where they tie',
    async (_name, loss) => {
      const logits = [4, 1, 3, 0.5, -2];
      const { value, derivative } = await at(loss, logits);
      const large = await at(
        loss,
        logits.map((z) => 1024 * z + 4096),
      );
      expect(large.value).toBeCloseTo(value, 5);
      expectClose(
        large.derivative.map((d) => 1024 * d),
        derivative,
      );
      expect(Number.isFinite((await at(loss, [2, 2, 2, 2, 2])).value)).toBe(true);
    },
  );

  test('the rescaled cross-entropy is the cross-entropy of logits that spread by 10', async () => {
    const { value, derivative } = await at(rescaledCrossEntropy([1]), [200, 300, 280, 100]);
    const plain = await at(
      crossEntropy([1]),
      [20, 30, 28, 10].map((z) => z / 1),
    );
    expect(value).toBeCloseTo(plain.value, 5);
    expectClose(
      derivative.map((d) => 10 * d),
      plain.derivative,
    );
  });

  test('DLR with too few classes says how many it wants', async () => {
    await expect(at(dlr([0]), [1, 2])).rejects.toThrow(/at least 3 classes, the model has 2/);
    await expect(at(targetedDlr([0], [1]), [1, 2, 3])).rejects.toThrow(/at least 4 classes, the model has 3/);
  });

  test.each(attackLosses)('%s grows when the own logit falls, and with a target when its logit grows', async (kind) => {
    const { derivative } = await at(attackLoss(kind, [0], null), [3, 1, 2, 0]);
    expect(derivative[0]).toBeLessThan(0);
    expect((await at(attackLoss(kind, [0], [1]), [3, 1, 2, 0])).derivative[1]).toBeGreaterThan(0);
  });

  test.each([
    ['positive', [1, 5, 3], 2, [0, 1, -1]],
    ['negative', [-9, -5, -7], 2, [0, 1, -1]],
    ['of a class that loses', [9, 5, 7], -4, [-1, 1, 0]],
    ['huge', [0, 4e6, 1e6], 3e6, [0, 1, -1]],
  ])('margin of logits that are %s', async (_name, logits, wanted, slope) => {
    const { value, derivative } = await at(margin([1]), logits);
    expect(value).toBe(wanted);
    expect(derivative.map((d) => d + 0)).toEqual(slope);
  });

  test('of tied rivals one receives the derivative', async () => {
    const { derivative } = await at(margin([1]), [3, 5, 3, 3]);
    expect(derivative[1]).toBe(1);
    expect(derivative.filter((d) => d === -1).length).toBe(1);
    expect(derivative.reduce((sum, d) => sum + d, 0)).toBe(0);
  });

  test('the probability of a class, and where it underflows', async () => {
    const { value, derivative } = await at(classProbability([2]), [0, 0, Math.log(2)]);
    expect(value).toBeCloseTo(0.5, 6);
    expectClose(derivative, [-0.125, -0.125, 0.25]);
    expect((await at(classProbability([1]), [200, 0])).derivative.map(Math.abs)).toEqual([0, 0]);
  });

  test('a logit, and the sum of the others', async () => {
    expect(await at(classLogit([1]), [1, 2, 4])).toEqual({ value: 2, derivative: [0, 1, 0] });
    expect(await at(otherLogits([1]), [1, 2, 4])).toEqual({ value: 5, derivative: [1, 0, 1] });
  });

  test('what an attack increases', async () => {
    const logits = [1, 5, 3];
    expect((await at(attackLoss('margin', [1], null), logits)).value).toBe(-2);
    expect((await at(attackLoss('margin', [1], [0]), logits)).value).toBe(-4);
    const own = (await at(crossEntropy([1]), logits)).value;
    const goal = (await at(crossEntropy([0]), logits)).value;
    expect((await at(attackLoss('ce', [1], null), logits)).value).toBe(own);
    expect((await at(attackLoss('ce', [1], [0]), logits)).value).toBe(-goal);
    expect((await at(negated(crossEntropy([1])), logits)).value).toBe(-own);
  });
});
