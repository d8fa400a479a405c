import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { constant, onePixel, radial } from '../testing/classifiers.ts';
import { contrast } from './contrast.ts';
import { type AttackRequest, runAttack } from './run.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const SIZE = 16;

function attack(request: Partial<AttackRequest> & Pick<AttackRequest, 'classifier' | 'x'>) {
  const count = request.x.length / SIZE;
  return runAttack({
    attack: contrast,
    options: {},
    y: new Int32Array(count),
    target: null,
    examples: Int32Array.from({ length: count }, (_, i) => i),
    norm: 'L2',
    epsilon: Number.POSITIVE_INFINITY,
    seed: 0,
    stream: '',
    ...request,
  });
}

/** Class 1 outside a sphere around grey; here class 0 is what lies inside. */
const outside = { classifier: radial(0.3), y: Int32Array.of(1) };

describe('ends at the first step that is adversarial', () => {
  const x = new Float32Array(SIZE).fill(0.5);
  x[0] = 0.9;
  x[1] = 0.2;
  // At distance 0.5 from grey; the sphere is at 0.3, so 0.2 are to go: 40 % of the way.

  test.each([
    ['L2', 0.2, 10],
    ['L2', 0.2, 1000],
    ['Linf', 0.16, 1000],
  ] as const)('%s: %s, in %s steps', async (norm, least, steps) => {
    const { distance, success } = await attack({ ...outside, x, norm, options: { steps } });
    expect(success[0]).toBe(1);
    // Where the sphere is met exactly, a tie is adversarial too.
    expect(distance[0] as number).toBeGreaterThan(least * (1 - 1e-5));
    expect(distance[0] as number).toBeLessThan(least + (norm === 'L2' ? 0.5 : 0.4) / steps + 1e-4);
  });

  test('every pixel keeps its share of what is left of its contrast', async () => {
    const { xAdv } = await attack({ ...outside, x });
    const shares = [0, 1].map((i) => ((xAdv[i] as number) - 0.5) / ((x[i] as number) - 0.5));
    expect(shares[0]).toBeCloseTo(shares[1] as number, 5);
    expect(xAdv.slice(2)).toEqual(x.slice(2));
  });
});

test('gives up where grey itself is of the same class, after as many queries as steps', async () => {
  const x = new Float32Array(SIZE).fill(0.1);
  for (const classifier of [constant(2), radial(2)]) {
    const { success, forwardCalls, xAdv } = await attack({ classifier, x, options: { steps: 100 } });
    expect(success[0]).toBe(0);
    expect(xAdv).toEqual(x);
    expect(forwardCalls).toBe(2 + 100);
  }
});

test('needs no more than the steps there are', async () => {
  const x = new Float32Array(SIZE).fill(0.4);
  const { success, distance } = await attack({ classifier: onePixel(2), x, norm: 'Linf' });
  // A half is a tie of `onePixel`, which is not right.
  expect(success[0]).toBe(1);
  expect(distance[0] as number).toBeCloseTo(0.1, 4);
});
