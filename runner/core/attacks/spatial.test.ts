import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { constant, onePixel, smallNet } from '../testing/classifiers.ts';
import { randomImages } from '../testing/images.ts';
import { findAttack } from './index.ts';
import { type AttackRequest, runAttack } from './run.ts';
import { moveImage, type RigidMotion } from './shared/rigid-motion.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const still: RigidMotion = { degrees: 0, right: 0, down: 0 };

function moved(image: ArrayLike<number>, side: number, motion: Partial<RigidMotion>, channels = 1) {
  const into = new Float32Array(image.length).fill(Number.NaN);
  moveImage(Float32Array.from(image), [side, side, channels], { ...still, ...motion }, into);
  return [...into];
}

describe('moving an image', () => {
  const image = [0.125, 0.25, 0.375, 0.5, 0.625, 0.75, 0.875, 1, 0.0625];

  test.each([
    ['not at all', {}, image],
    ['a quarter turn counter-clockwise', { degrees: 90 }, [0.375, 0.75, 0.0625, 0.25, 0.625, 1, 0.125, 0.5, 0.875]],
    ['a half turn', { degrees: -180 }, image.toReversed()],
    ['right', { right: 1 }, [0, 0.125, 0.25, 0, 0.5, 0.625, 0, 0.875, 1]],
    ['up', { down: -1 }, [0.5, 0.625, 0.75, 0.875, 1, 0.0625, 0, 0, 0]],
    ['half a pixel down', { down: 0.5 }, [0.0625, 0.125, 0.1875, 0.3125, 0.4375, 0.5625, 0.6875, 0.8125, 0.40625]],
    ['out of sight', { right: 9 }, Array(9).fill(0)],
    ['first turned, then shifted', { degrees: 90, down: 1 }, [0, 0, 0, 0.375, 0.75, 0.0625, 0.25, 0.625, 1]],
  ])('%s', (_, motion, wanted) => {
    expect(moved(image, 3, motion)).toEqual(wanted);
  });

  test('moves the channels together', () => {
    const coloured = image.flatMap((value) => [value, 1 - value]);
    const came = moved(coloured, 3, { degrees: 90 }, 2);
    expect(came.filter((_, i) => i % 2 === 0)).toEqual(moved(image, 3, { degrees: 90 }));
    expect(came.filter((_, i) => i % 2 === 1)).toEqual(
      moved(
        image.map((value) => 1 - value),
        3,
        { degrees: 90 },
      ),
    );
  });
});

function attack(changes: Partial<AttackRequest> & Pick<AttackRequest, 'classifier' | 'x' | 'y'>) {
  const examples = changes.y.map((_, i) => i);
  const fixed = { attack: findAttack('spatial'), target: null, norm: 'L2', epsilon: Number.POSITIVE_INFINITY } as const;
  return runAttack({ ...fixed, examples, options: {}, seed: 0, stream: '', ...changes });
}

describe('the spatial attack', () => {
  // White at one pixel of 16: the model looks at the pixel two to the right of it.
  const x = new Float32Array(16);
  x[5] = 1;
  const request = { classifier: onePixel(7), x, y: Int32Array.of(0) };

  test('finds the mildest motion that misleads', async () => {
    const options = { rotations: 1, shifts: 13, maxShift: 3 };
    const { xAdv, success } = await attack({ ...request, options });
    expect([...success]).toEqual([1]);
    // Half a pixel a step: at 1.5 to the right the pixel is at a half, which is a tie and so not right any more.
    expect([...xAdv]).toEqual(moved(x, 4, { right: 1.5 }));
  });

  test('does not find what lies beyond its limits', async () => {
    const { success, xAdv } = await attack({ ...request, options: { maxShift: 1.4, maxRotation: 1 } });
    expect([...success]).toEqual([0]);
    expect(xAdv).toEqual(x);
  });

  test('tries every motion of the grid once, and no more than the draws in a random search', async () => {
    const image = new Float32Array(32).fill(0.3);
    const standing = { classifier: constant(3), x: image, y: new Int32Array(2) };
    const grid = await attack({ ...standing, options: { rotations: 5, shifts: 3 } });
    // The one that moves nothing is left out; two passes are the judge's.
    expect([grid.forwardCalls, grid.gradientCalls]).toEqual([2 * (5 * 9 - 1) + 4, 0]);
    const random = await attack({ ...standing, options: { search: 'random', draws: 7 } });
    expect(random.forwardCalls).toBe(2 * 7 + 4);
  });

  test('more draws never break less, and a grid breaks more than a few draws', async () => {
    const net = smallNet();
    const images = randomImages(30, net.inputShape, 12);
    const batch = tf.tensor4d(images.x.slice(), [30, ...net.inputShape]);
    const y = Int32Array.from(await tf.argMax(net.logits(batch), 1).data());
    const broken = async (options: Record<string, unknown>) =>
      (await attack({ classifier: net, x: images.x, y, options })).success;
    const few = await broken({ search: 'random', draws: 2 });
    const many = await broken({ search: 'random', draws: 10 });
    for (const [i, flag] of few.entries()) expect(many[i]).toBeGreaterThanOrEqual(flag);
    const count = (flags: Uint8Array) => flags.reduce((sum, flag) => sum + flag, 0);
    expect(count(many)).toBeGreaterThan(count(few));
    expect(count(await broken({ rotations: 9 }))).toBeGreaterThan(count(few));
  });

  test('in a ball asks about what will be judged', async () => {
    const options = { rotations: 1, shifts: 13, maxShift: 3 };
    const near = await attack({ ...request, norm: 'Linf', epsilon: 0.4, options });
    expect([...near.success]).toEqual([0]);
    const far = await attack({ ...request, norm: 'Linf', epsilon: 0.6, options });
    expect([...far.success]).toEqual([1]);
  });

  test('reaches a target, and only that', async () => {
    const y = Int32Array.of(0);
    expect([...(await attack({ ...request, target: Int32Array.of(1), options: { shifts: 13 } })).success]).toEqual([1]);
    const one = { classifier: constant(3), x, y, target: Int32Array.of(2) };
    expect([...(await attack(one)).success]).toEqual([0]);
  });
});
