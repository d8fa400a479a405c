/** What every attack does with inputs and models that nobody should give it: a sentence that names the mistake, or the behaviour that is promised. */
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { attackLosses } from '../losses.ts';
import type { Classifier } from '../models/classifier.ts';
import { smallBudgets } from '../testing/budgets.ts';
import { constant, notANumberAbove, randomLinear } from '../testing/classifiers.ts';
import { randomImages } from '../testing/images.ts';
import { linearClass } from '../testing/oracles.ts';
import type { Attack } from './attack.ts';
import { attacks, findAttack } from './index.ts';
import { type AttackRequest, runAttack } from './run.ts';

beforeAll(() => tf.setBackend('cpu'));

const COUNT = 3;
const model = randomLinear(4, 21);
const { x, examples, size } = randomImages(COUNT, model.inputShape, 8, 0.45);
const classOf = (of: ReturnType<typeof randomLinear>) => (row: number) =>
  linearClass(of, x.slice(row * size, (row + 1) * size));
const y = Int32Array.from(examples, classOf(model));
const radii = { Linf: 0.03, L2: 0.1, L1: 0.3, L0: 2 };
const all = attacks.map((attack) => [attack.id, attack] as const);

function run(attack: Attack, changes: Partial<AttackRequest> = {}) {
  const classifier = changes.classifier ?? model;
  const norm = attack.norms[0] as keyof typeof radii;
  const labels = changes.y ?? y;
  const target = attack.targeted === 'required' ? labels.map((own) => (own + 1) % classifier.classes) : null;
  const surrogates = attack.access === 'transfer' ? [classifier] : [];
  const options = smallBudgets[attack.id] ?? {};
  const threat = { norm, epsilon: radii[norm], seed: 1, stream: 'a' };
  return runAttack({ attack, options, classifier, surrogates, x, y, target, examples, ...threat, ...changes });
}

const refused = (message: RegExp, hint?: RegExp) => ({
  kind: 'usage',
  message: expect.stringMatching(message),
  ...(hint === undefined ? {} : { hint: expect.stringMatching(hint) }),
});

describe.each(all)('%s', (id, attack) => {
  test('refuses an unknown option, and says which there are', async () => {
    const known = Object.keys(attack.optionsSchema.shape);
    await expect(run(attack, { options: { stpes: 3 } })).rejects.toMatchObject(
      refused(new RegExp(`^${id} has no option stpes`), new RegExp(known.join(', ') || 'it takes none')),
    );
  });

  test('refuses a radius that is none', async () => {
    for (const epsilon of [-0.1, Number.NaN]) {
      await expect(run(attack, { epsilon })).rejects.toMatchObject(
        refused(/^epsilon: (-0.1|NaN) came, wanted a radius/),
      );
    }
    const without = run(attack, { epsilon: Number.POSITIVE_INFINITY, y: Int32Array.from(y, (own) => (own + 1) % 4) });
    if (attack.kind === 'fixed-epsilon')
      await expect(without).rejects.toMatchObject(refused(/^epsilon: Infinity came, wanted a finite radius/));
    else await expect(without).resolves.toBeDefined();
  });

  test('refuses targets that are the labels, and targets it does not take', async () => {
    const own = attack.targeted === 'never' ? /^target: classes came, wanted none/ : /^target of example 0: \d came/;
    await expect(run(attack, { target: y })).rejects.toMatchObject(refused(own));
  });

  test('refuses images of 0 to 255, and says what to do', async () => {
    const bytes = x.map((value) => Math.round(255 * value));
    const wanted = refused(/^x of example 0: \d+ came, wanted pixels in \[0, 1\]/, /divide them by 255/);
    await expect(run(attack, { x: bytes })).rejects.toMatchObject(wanted);
    const whole = Uint8Array.from(bytes) as unknown as Float32Array;
    await expect(run(attack, { x: whole })).rejects.toMatchObject(
      refused(/^x: Uint8Array came, wanted a Float32Array/),
    );
  });

  test('takes images of black and white alone', async () => {
    const { xAdv } = await run(attack, { x: x.map(Math.round), y: new Int32Array(COUNT) });
    expect(xAdv.every((value) => value >= 0 && value <= 1)).toBe(true);
  });

  test('on a model that gives NaN for every image finds every image wrong, and attacks none', async () => {
    const broken = await run(attack, { classifier: notANumberAbove(model, -1) });
    expect([...broken.cleanCorrect]).toEqual([0, 0, 0]);
    expect([...broken.success]).toEqual([1, 1, 1]);
    expect(broken).toMatchObject({ nonFinite: COUNT, gradientCalls: 0, zeroGradientShare: null });
    expect(broken.xAdv).toEqual(x);
  });

  test('on a constant classifier says that the gradients were zero, if it asked for any', async () => {
    const { success, zeroGradientShare, gradientCalls } = await run(attack, {
      classifier: constant(4),
      y: new Int32Array(COUNT),
      ...(attack.targeted === 'required' ? { target: Int32Array.of(1, 2, 3) } : {}),
    });
    expect([...success]).toEqual([0, 0, 0]);
    expect(zeroGradientShare).toBe(gradientCalls > 0 ? 1 : null);
  });

  test.each([2, 3])('does its work for %i classes, or says why not', async (classes) => {
    const few = randomLinear(classes, 5);
    const labels = Int32Array.from(examples, classOf(few));
    const attacked = run(attack, { classifier: few, y: labels });
    if (id === 'apgd-t')
      await expect(attacked).rejects.toMatchObject(
        refused(new RegExp(`the model has ${classes} classes, .* at least 4`), /use apgd, with loss ce or margin/),
      );
    else expect((await attacked).success).toHaveLength(COUNT);
  });
});

/** Attacks that climb or fall along a loss of their user's choice. */
const choosing = attacks.filter((attack) => 'loss' in attack.optionsSchema.shape);

describe.each(choosing.map((attack) => [attack.id, attack] as const))('the losses of %s', (_id, attack) => {
  const offered = attackLosses.filter((loss) => attack.optionsSchema.safeParse({ loss }).success);

  test.each(offered)('%s: two and three classes are enough, or the way out is named', async (loss) => {
    for (const classes of [2, 3]) {
      const few = randomLinear(classes, 5);
      const labels = Int32Array.from(examples, classOf(few));
      const target = labels.map((own) => (own + 1) % classes);
      for (const goal of attack.targeted === 'never' ? [null] : [null, target]) {
        const options = { ...smallBudgets[attack.id], loss };
        const attacked = run(attack, { classifier: few, y: labels, target: goal, options });
        const least = loss === 'dlr' ? (goal === null ? 3 : 4) : loss === 'rescaled-ce' ? 3 : 2;
        if (classes >= least) expect((await attacked).success).toHaveLength(COUNT);
        else
          await expect(attacked).rejects.toMatchObject(
            refused(
              new RegExp(`needs at least ${least} classes, the model has ${classes}`),
              /use the loss ce or margin/,
            ),
          );
      }
    }
  });
});

test('logits that are all equal divide nothing by nothing', async () => {
  // The denominators of DLR and of the rescaled loss are 0 for every image.
  const flat: Classifier = { ...constant(4), logits: (batch) => tf.zeros([batch.shape[0], 4]) };
  const nearly: Classifier = {
    ...flat,
    logits: (batch) => tf.tidy(() => tf.mul<tf.Tensor2D>(constant(4).logits(batch), 1e-30)),
  };
  for (const loss of attackLosses) {
    const options = { ...smallBudgets.apgd, loss };
    const outcome = await run(findAttack('apgd'), { classifier: nearly, y: new Int32Array(COUNT), options });
    expect([...outcome.success]).toEqual([0, 0, 0]);
    expect(outcome.xAdv.every(Number.isFinite)).toBe(true);
    expect([...(await run(findAttack('apgd'), { classifier: flat, options })).cleanCorrect]).toEqual([0, 0, 0]);
  }
});
