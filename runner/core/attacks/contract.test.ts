/** What holds of every attack in the list, on every backend. A new attack is tested by being listed. */
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { startBackend } from '../../backends/index.ts';
import { isInstalled } from '../../backends/native-files.ts';
import { distances, inBall, inBox, predictions } from '../metrics/judge.ts';
import type { Classifier } from '../models/classifier.ts';
import type { Norm } from '../projections.ts';
import { smallBudgets } from '../testing/budgets.ts';
import { constant, labelsOnly, notANumberAbove, randomLinear, step, tied } from '../testing/classifiers.ts';
import { randomImages } from '../testing/images.ts';
import { linearClass } from '../testing/oracles.ts';
import type { Attack } from './attack.ts';
import { attacks } from './index.ts';
import { type AttackRequest, runAttack } from './run.ts';

const backends: Record<string, () => Promise<unknown>> = {
  cpu: () => tf.setBackend('cpu'),
  wasm: () => startBackend('wasm'),
  native: () => startBackend('native'),
};
const noNative = !isInstalled('cpu') && process.env.PARAPET_NO_SKIP !== '1';

/** Radius of a ball in which a linear model of this size gives way for some images and stands for others. */
const radii: Record<Norm, number> = { Linf: 0.03, L2: 0.1, L1: 0.3, L0: 2 };
/** Attacks too weak for these balls, which are tried in balls sixteen times as large. */
const wide = new Set(['blended-noise', 'contrast']);
/** Attacks that draw random numbers with their default options. */
const drawing = new Set([
  'blended-noise',
  'boundary',
  'geoda',
  'hop-skip-jump',
  'nes',
  'noise',
  'one-pixel',
  'pgd',
  'r-fgsm',
  'sparse-rs',
  'spsa',
  'square',
]);
/** Attacks that draw, but end on a linear model where they would end from any other draw, up to rounding. */
const settling = new Set(['apgd', 'apgd-t']);

/** How far rounding in another order may carry a pixel: a two-hundredth of a step of 8 bits. APGD in L2 comes half as far on some processors. */
const ROUNDED = 1 / 255 / 200;

const cases = attacks.flatMap((attack) => attack.norms.map((norm) => [attack.id, norm, attack] as const));

for (const [name, start] of Object.entries(backends)) {
  const title = noNative ? 'on native, which is not installed' : 'on native';
  describe.skipIf(name === 'native' && noNative)(name === 'native' ? title : `on ${name}`, () => {
    beforeAll(async () => {
      await start();
    });
    describe.each(cases)('%s in %s', (_id, norm, attack) => contract(attack, norm));
  });
}

function contract(attack: Attack, norm: Norm) {
  const model = randomLinear(4, 21);
  const { x, examples, size } = randomImages(12, model.inputShape, 8, 0.45);
  const y = labels(model);
  const target = attack.targeted === 'required' ? y.map((own) => (own + 1) % 4) : null;
  const epsilon = wide.has(attack.id) ? 16 * radii[norm] : radii[norm];

  function labels(classifier: ReturnType<typeof randomLinear>) {
    return Int32Array.from(examples, (i) => linearClass(classifier, x.slice(i * size, (i + 1) * size)));
  }

  function run(changes: Partial<AttackRequest> = {}) {
    const options = smallBudgets[attack.id] ?? {};
    const surrogates = attack.access === 'transfer' ? [changes.classifier ?? model] : [];
    const request = { attack, options, classifier: model, surrogates, x, y, target, examples, norm, epsilon };
    return runAttack({ ...request, seed: 1, stream: 'a', ...changes });
  }

  /** The same attack on some of the examples, in the order given. */
  function runSome(rows: readonly number[]) {
    const take = (values: Int32Array) => Int32Array.from(rows, (row) => values[row] as number);
    return run({
      x: Float32Array.from(rows.flatMap((row) => [...x.slice(row * size, (row + 1) * size)])),
      y: take(y),
      target: target && take(target),
      examples: take(examples),
    });
  }

  test('stays in the ball and the box, and succeeds somewhere', async () => {
    const { xAdv, success, distance } = await run();
    for (const d of distances(x, xAdv, size, norm)) expect(inBall(d, epsilon)).toBe(true);
    expect(distance).toEqual(distances(x, xAdv, size, norm));
    expect(inBox(xAdv, size).every(Boolean)).toBe(true);
    expect(success).toContain(1);
  });

  test('its successes are classified otherwise, and as the target if there is one', async () => {
    for (const goal of attack.targeted === 'never' ? [null] : [target, y.map((own) => (own + 2) % 4)]) {
      const { xAdv, success } = await run({ target: goal, epsilon: 4 * epsilon });
      const predicted = await predict(model, xAdv);
      for (const [row, own] of y.entries()) {
        if (success[row] === 1) expect(predicted[row]).not.toBe(own);
        if (success[row] === 1 && goal !== null) expect(predicted[row]).toBe(goal[row]);
        if (success[row] === 0 && goal === null) expect(predicted[row]).toBe(own);
      }
    }
  });

  test('with ε = 0 returns the images as they are', async () => {
    const { xAdv, success, gradientCalls } = await run({ epsilon: 0 });
    expect(xAdv).toEqual(x);
    expect([...success].some(Boolean)).toBe(false);
    expect(gradientCalls).toBe(0);
  });

  test('the same seed gives the same images, another seed others if it draws', async () => {
    const first = await run();
    expect((await run()).xAdv).toEqual(first.xAdv);
    if (settling.has(attack.id)) return;
    const other = await run({ seed: 2 });
    const another = await run({ stream: 'b' });
    if (drawing.has(attack.id)) {
      expect(other.xAdv).not.toEqual(first.xAdv);
      expect(another.xAdv).not.toEqual(first.xAdv);
    } else expect([other.xAdv, another.xAdv]).toEqual([first.xAdv, first.xAdv]);
  });

  test('neither the order of the examples nor the batch that they are in matters', async () => {
    const whole = await run();
    const rows = [...examples];
    for (const some of [rows.toReversed(), rows.slice(0, 5), rows.slice(5), [7]]) {
      const part = await runSome(some);
      for (const [i, row] of some.entries()) {
        expect(part.success[i]).toBe(whole.success[row]);
        const [came, wanted] = [
          part.xAdv.slice(i * size, (i + 1) * size),
          whole.xAdv.slice(row * size, (row + 1) * size),
        ];
        // TensorFlow sums in an order that goes by the shape of the batch; the others give the same bits.
        if (tf.getBackend() !== 'tensorflow') expect(came).toEqual(wanted);
        for (const [k, value] of wanted.entries()) expect(Math.abs((came[k] as number) - value)).toBeLessThan(ROUNDED);
      }
    }
  });

  test('asks the model no more than its access grants', async () => {
    const { gradientCalls, forwardCalls, xAdv } = await run();
    if (attack.access !== 'gradient') expect(gradientCalls).toBe(0);
    // One pass over the clean images and one over those that come back are the frame's.
    if (attack.access === 'none' || attack.access === 'transfer') expect(forwardCalls).toBeLessThanOrEqual(24);
    if (attack.access === 'labels') expect((await run({ classifier: labelsOnly(model) })).xAdv).toEqual(xAdv);
  });

  test('leaves no tensor behind, and its inputs as they were', async () => {
    const copies = [x.slice(), y.slice(), examples.slice()];
    const before = tf.memory().numTensors;
    await run();
    expect(tf.memory().numTensors).toBe(before);
    expect([x, y, examples]).toEqual(copies);
  });

  test('refuses a wrong option by name', async () => {
    await expect(run({ options: { nonsense: 1 } })).rejects.toThrow(/nonsense/);
    await expect(run({ options: { nonsense: 1 } })).rejects.toMatchObject({ kind: 'usage' });
  });

  test('a constant classifier never gives way', async () => {
    const own = new Int32Array(12);
    const goal = target && new Int32Array(12).fill(2);
    const { success } = await run({ classifier: constant(4), y: own, target: goal, epsilon: 4 * epsilon });
    expect([...success].some(Boolean)).toBe(false);
  });

  test('tied logits are never right, and reach no target', async () => {
    const { success, cleanCorrect } = await run({ classifier: tied(4) });
    expect([...cleanCorrect].some(Boolean)).toBe(false);
    expect([...success].every((flag) => flag === (target === null ? 1 : 0))).toBe(true);
  });

  test('comes to an end where gradients are zero or NaN', async () => {
    const dark = x.map((value) => 0.4 * value);
    const goal = target && new Int32Array(12).fill(1);
    for (const classifier of [step(4), notANumberAbove(constant(4), 0.5)]) {
      const outcome = await run({ classifier, x: dark, y: new Int32Array(12), target: goal });
      expect([...outcome.xAdv].every(Number.isFinite)).toBe(true);
    }
  });
}

async function predict(model: Classifier, images: Float32Array): Promise<Int32Array> {
  const x = tf.tensor4d(images.slice(), [images.length / 16, ...model.inputShape]);
  const logits = model.logits(x);
  const result = predictions(await logits.data<'float32'>(), model.classes);
  tf.dispose([x, logits]);
  return result;
}
