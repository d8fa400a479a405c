import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it, test } from 'vitest';
import { findAttack } from '../attacks/index.ts';
import { runAttack } from '../attacks/run.ts';
import { gradientModel } from '../gradients.ts';
import { predictions } from '../metrics/judge.ts';
import type { Classifier } from '../models/classifier.ts';
import { constant, randomLinear, tied } from '../testing/classifiers.ts';
import { randomImages } from '../testing/images.ts';
import { drawSource } from './draws.ts';
import { vote } from './vote.ts';

const COUNT = 60;
const { x, examples } = randomImages(COUNT, [4, 4, 1], 9);
const images = () => tf.tensor4d(x.slice(), [COUNT, 4, 4, 1]);

beforeAll(() => tf.setBackend('cpu'));

type Scales = readonly [number, number, number];
const scaled: readonly Scales[] = [
  [100, 1, 1],
  [1, 0.01, 1],
  [100, 100, 0.01],
];

const voteOf = (...nets: readonly Classifier[]) =>
  vote.wrap(nets as [Classifier, ...Classifier[]], {}, { draws: drawSource().of(0), file: null });

/** Three linear nets, the logits of each so many times as large. */
function nets(classes: number, scales: Scales): Classifier[] {
  return scales.map((scale, i) => {
    const net = randomLinear(classes, i + 1);
    return { ...net, logits: (at) => tf.tidy(() => tf.mul(net.logits(at), scale) as tf.Tensor2D) };
  });
}

/** Gradient of the first score less the second, a row for each image. */
function gradientOf(classifier: Classifier): Float32Array {
  const difference = (z: tf.Tensor2D) =>
    tf.squeeze(tf.sub(tf.slice(z, [0, 0], [-1, 1]), tf.slice(z, [0, 1], [-1, 1])), [1]) as tf.Tensor1D;
  return gradientModel(classifier).gradient(images(), difference).gradient.dataSync() as Float32Array;
}

/** Which images an attack breaks, whatever the vote says of them at first. */
async function brokenBy(attack: string, options: object, classifier: Classifier): Promise<number[]> {
  const y = predictions(classifier.logits(images()).dataSync() as Float32Array, classifier.classes);
  const ball = { target: null, norm: 'Linf', epsilon: 0.04, seed: 0, stream: 'a' } as const;
  const request = { ...ball, classifier, x, y, examples, attack: findAttack(attack), options: { ...options } };
  return [...(await runAttack(request)).success];
}

describe('what an attack on a vote finds does not depend on the scale of a net’s logits, as the vote does not', () => {
  // Of two classes three nets never vote for one as often as for the other: scale has no say in which one wins.
  it.each<[string, object]>([
    ['pgd', { steps: 20 }],
    ['apgd', { loss: 'ce', steps: 20 }],
  ])('%s', async (attack, options) => {
    const broken = await brokenBy(attack, options, voteOf(...nets(2, [1, 1, 1])));
    expect(broken).toContain(0);
    expect(broken).toContain(1);
    for (const scales of scaled) {
      expect(await brokenBy(attack, options, voteOf(...nets(2, scales)))).toEqual(broken);
    }
  });

  it.each([2, 3, 4])('the gradient, of %i classes', (classes) => {
    const gradient = gradientOf(voteOf(...nets(classes, [1, 1, 1])));
    for (const scales of scaled) {
      const other = gradientOf(voteOf(...nets(classes, scales)));
      for (const [i, value] of gradient.entries()) {
        expect(Math.abs((other[i] as number) - value)).toBeLessThan(1e-4 * Math.max(1, Math.abs(value)));
      }
    }
  });
});

test('nets whose logits are all equal, or do not depend on the image, leave the gradient to the others', () => {
  const [net] = nets(4, [1, 1, 1]) as [Classifier];
  const alone = gradientOf(voteOf(net, net));
  const joined = gradientOf(voteOf(net, net, constant(4), tied(4)));
  for (const [i, value] of alone.entries()) expect(joined[i]).toBeCloseTo(value / 2, 5);
});
