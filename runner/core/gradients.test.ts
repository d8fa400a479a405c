import * as tf from '@tensorflow/tfjs';
import { beforeEach, describe, expect, test } from 'vitest';
import { startBackend } from '../backends/index.ts';
import { needsNative } from '../backends/testing.ts';
import { gradientModel, type PerExampleLoss } from './gradients.ts';
import { classLogit, classProbability, crossEntropy, dlr, margin, otherLogits } from './losses.ts';
import { exampleRandom } from './random.ts';
import { constant, randomLinear, scaled, smallNet } from './testing/classifiers.ts';

const losses: [string, PerExampleLoss][] = [
  ['cross-entropy', crossEntropy([0, 2])],
  ['margin', margin([0, 2])],
  ['probability', classProbability([1, 1])],
  ['logit', classLogit([1, 1])],
  ['other logits', otherLogits([1, 1])],
];

describe.each(['cpu', 'wasm', 'native'] as const)('on %s', (backend) => {
  beforeEach(async (context) => {
    if (backend === 'native') needsNative(context);
    await (backend === 'cpu' ? tf.setBackend('cpu') : startBackend(backend));
  });

  const pixels = exampleRandom(3, 'pixels').uniform([0, 1], 0, 64);
  const imagesOf = (values: Float32Array) => tf.tensor4d(values.slice(), [2, 8, 8, 1]);

  test.each(losses)('the gradient of the %s equals central differences', async (_name, loss) => {
    const model = gradientModel(smallNet());
    const x = imagesOf(pixels);
    const { logits, gradient } = model.gradient(x, loss);
    const slopes = await gradient.data();
    const h = 3e-3;
    const value = (values: Float32Array) =>
      tf.tidy(() => tf.sum(loss(model.logits(imagesOf(values)))).dataSync()[0] as number);
    const here = value(pixels);
    const largest = Math.max(...slopes.map(Math.abs));
    let compared = 0;
    for (let i = 0; i < pixels.length; i += 5) {
      const up = pixels.slice();
      const down = pixels.slice();
      up[i] = (up[i] as number) + h;
      down[i] = (down[i] as number) - h;
      const [ahead, behind] = [value(up) - here, here - value(down)];
      // Where another cell of a pool takes over within the step, there is no one slope to compare with.
      if (Math.abs(ahead - behind) / h > 0.03 * largest) continue;
      compared++;
      const difference = (ahead + behind) / (2 * h);
      expect(Math.abs(difference - (slopes[i] as number))).toBeLessThan(0.01 * largest + 1e-4);
    }
    expect(compared).toBeGreaterThan(18);
    tf.dispose([x, logits, gradient]);
    model.dispose();
  });

  test('several losses share one forward pass and give what they give alone', async () => {
    const model = gradientModel(smallNet());
    const x = imagesOf(pixels);
    const together = model.gradients(
      x,
      losses.map(([, loss]) => loss),
    );
    expect(model.counts).toEqual({ forwardCalls: 2, gradientCalls: 10 });
    for (const [i, [, loss]] of losses.entries()) {
      const alone = model.gradient(x, loss);
      expect(await together.gradients[i]?.data()).toEqual(await alone.gradient.data());
      expect(await together.logits.data()).toEqual(await alone.logits.data());
      tf.dispose([alone.logits, alone.gradient]);
    }
    tf.dispose([x, together.logits, ...together.gradients]);
    model.dispose();
  });

  test('each image has the gradient of its own loss', async () => {
    const linear = randomLinear(3, 2);
    const model = gradientModel(linear);
    const x = tf.tensor4d(new Float32Array(32).fill(0.5), [2, 4, 4, 1]);
    const { logits, gradient } = model.gradient(x, classLogit([0, 2]));
    const slopes = await gradient.data();
    for (let i = 0; i < 16; i++) {
      expect(slopes[i]).toBeCloseTo(linear.weights[i * 3] as number, 6);
      expect(slopes[16 + i]).toBeCloseTo(linear.weights[i * 3 + 2] as number, 6);
    }
    tf.dispose([x, logits, gradient]);
    model.dispose();
  });

  test('gradients of 1e-20 arrive, and are not taken for zero', async () => {
    const model = gradientModel(scaled(randomLinear(3, 2), 1e-20));
    const x = tf.tensor4d(new Float32Array(16).fill(0.5), [1, 4, 4, 1]);
    const { logits, gradient } = model.gradient(x, classLogit([0]));
    const largest = Math.max(...(await gradient.data()).map(Math.abs));
    expect(largest).toBeGreaterThan(1e-21);
    expect(largest).toBeLessThan(1e-19);
    expect(await model.zeroGradients()).toBe(0);
    tf.dispose([x, logits, gradient]);
    model.dispose();
  });

  test('where the logits do not depend on the image the gradient is zero, and counted as such', async () => {
    const model = gradientModel(constant(3));
    const x = tf.tensor4d(new Float32Array(32), [2, 4, 4, 1]);
    const { logits, gradients } = model.gradients(x, [classLogit([0, 1]), margin([0, 1])]);
    for (const gradient of gradients) expect([...(await gradient.data())].every((value) => value === 0)).toBe(true);
    expect(await model.zeroGradients()).toBe(4);
    tf.dispose([x, logits, ...gradients]);
    model.dispose();
  });

  test('a DLR loss that is at its end has a gradient of zero, which is not counted', async () => {
    const linear = randomLinear(3, 2);
    const x = tf.tensor4d(exampleRandom(4, 'pixels').uniform([0], 0, 16), [1, 4, 4, 1]);
    const z = linear.logits(x);
    const ranks = [...(await z.data())].map((value, c) => [value, c] as const).sort(([a], [b]) => b - a);
    for (const [rank, [, label]] of ranks.entries()) {
      const model = gradientModel(linear);
      const { logits, gradient } = model.gradient(x, dlr([label]));
      const largest = Math.max(...(await gradient.data()).map(Math.abs));
      if (rank < 2) expect(largest).toBeGreaterThan(0);
      else expect(largest).toBe(0);
      expect(await model.zeroGradients()).toBe(0);
      tf.dispose([logits, gradient]);
      model.dispose();
    }
    // Where the label still leads a zero is one.
    const flat = gradientModel(constant(3));
    tf.dispose(Object.values(flat.gradient(x, dlr([0]))));
    expect(await flat.zeroGradients()).toBe(1);
    flat.dispose();
    tf.dispose([x, z]);
  });

  test('leaves behind what it returns and nothing else', () => {
    const model = gradientModel(smallNet());
    const x = imagesOf(pixels);
    const before = tf.memory().numTensors;
    const results = [1, 2].map(() =>
      model.gradients(
        x,
        losses.map(([, loss]) => loss),
      ),
    );
    // Six results a time, and the meter.
    expect(tf.memory().numTensors).toBe(before + 2 * 6 + 1);
    for (const { logits, gradients } of results) tf.dispose([logits, ...gradients]);
    model.dispose();
    expect(tf.memory().numTensors).toBe(before);
    x.dispose();
  });

  test('results belong to the tidy around them', () => {
    const model = gradientModel(smallNet());
    const x = imagesOf(pixels);
    const before = tf.memory().numTensors;
    tf.tidy(() => {
      model.gradients(x, [classLogit([0, 1]), otherLogits([0, 1])]);
    });
    model.dispose();
    expect(tf.memory().numTensors).toBe(before);
    x.dispose();
  });
});
