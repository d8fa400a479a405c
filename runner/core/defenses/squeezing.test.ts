import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { findAttack } from '../attacks/index.ts';
import { runAttack } from '../attacks/run.ts';
import { predictions } from '../metrics/judge.ts';
import type { Classifier } from '../models/classifier.ts';
import { rounded } from '../testing/broken-defenses.ts';
import { linear, randomLinear } from '../testing/classifiers.ts';
import golden from '../testing/golden-jpeg.json' with { type: 'json' };
import { randomImages } from '../testing/images.ts';
import { defended, type NamedDefense } from './index.ts';

type Options = Readonly<Record<string, number>>;

beforeAll(() => tf.setBackend('cpu'));

/** What the net sees: a net whose scores are the values of its image. */
function seen(id: string, options: Options, x: tf.Tensor4D): number[] {
  const [, height, width, channels] = x.shape;
  const size = height * width * channels;
  const identity = Float32Array.from({ length: size * size }, (_, i) => Number(i % (size + 1) === 0));
  const net = linear(identity, new Float32Array(size), [height, width, channels]);
  return tf.tidy(() => [...defended([net], [{ id, options }]).logits(x).dataSync()]);
}

describe('bit-depth', () => {
  const at = (bits: number, ...values: number[]) =>
    seen('bit-depth', { bits }, tf.tensor4d(values, [1, 1, values.length, 1]));

  it('gives the nearest of 2^bits levels', () => {
    expect(at(1, 0, 0.49, 0.51, 1)).toEqual([0, 0, 1, 1]);
    const [a, b, c, d] = at(2, 0.16, 0.17, 0.5, 0.9) as [number, number, number, number];
    expect(a).toBe(0);
    expect(b).toBeCloseTo(1 / 3, 6);
    expect(c).toBeCloseTo(2 / 3, 6);
    expect(d).toBe(1);
  });

  it('leaves images of 8 bits as they are at 8 bits', () => {
    const values = Float32Array.from({ length: 256 }, (_, i) => i / 255);
    expect(at(8, ...values)).toEqual([...values]);
  });
});

describe('median', () => {
  const image = [6, 0, 2, 3, 7, 9, 2, 4, 9, 0, 6, 9, 2, 4, 7, 3, 0, 5, 4, 0];
  const at = (size: number, values = image, channels = 1) =>
    seen('median', { size }, tf.tensor4d(values, [1, 4, values.length / 4 / channels, channels]));

  it('of scipy 1.17.1, median_filter(image, size, mode="reflect"), is ours', () => {
    expect(at(2)).toEqual([6, 6, 2, 3, 7, 9, 6, 2, 4, 7, 9, 9, 4, 4, 7, 6, 6, 5, 4, 4]);
    expect(at(3)).toEqual([6, 2, 2, 3, 7, 6, 4, 3, 4, 7, 6, 4, 4, 4, 4, 3, 3, 4, 4, 4]);
    expect(at(4)).toEqual([6, 6, 4, 3, 4, 6, 6, 4, 3, 4, 6, 5, 4, 4, 4, 3, 4, 4, 4, 4]);
  });

  it('is taken channel by channel', () => {
    const both = at(
      3,
      image.flatMap((value) => [value, 10 - value]),
      2,
    );
    expect(both.filter((_, i) => i % 2 === 0)).toEqual(at(3));
    expect(both.filter((_, i) => i % 2 === 1)).toEqual(at(3).map((value) => 10 - value));
  });
});

describe('jpeg', () => {
  it.each(golden.cases)('of Pillow at quality $quality, $shape, is ours', ({ shape, quality, x, decoded }) => {
    const form = [1, ...shape] as [number, number, number, number];
    const ours = seen('jpeg', { quality }, tf.div(tf.tensor4d(x, form), 255));
    const off = ours.map((value, i) => Math.abs(255 * value - (decoded[i] as number)));
    const lost = x.map((value, i) => Math.abs(value - (decoded[i] as number)));
    const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
    // Pillow's transform is one of whole numbers: what lies halfway between two multiples may fall to either side.
    expect(Math.max(...off)).toBeLessThan(3.01);
    expect(mean(off)).toBeLessThan(0.2);
    expect(mean(lost)).toBeGreaterThan(2);
  });
});

describe('total-variation', () => {
  const image = [6, 0, 2, 3, 7, 9, 2, 4, 9, 0, 6, 9, 2, 4, 7, 3, 0, 5, 4, 0].map((value) => value / 10);

  // It counts the step at which it stops, so that its number is one more than ours.
  it.each([
    {
      options: { weight: 0.1, steps: 10 },
      theirs: [
        0.555805, 0.221986, 0.287142, 0.376426, 0.539227, 0.725161, 0.327591, 0.391273, 0.585332, 0.283717, 0.566925,
        0.636557, 0.366546, 0.395431, 0.433914, 0.308267, 0.265467, 0.367272, 0.367752, 0.19821,
      ],
    },
    {
      options: { weight: 0.3, steps: 30 },
      theirs: [
        0.435637, 0.410978, 0.407703, 0.405953, 0.404729, 0.442726, 0.412664, 0.407406, 0.405928, 0.401778, 0.425301,
        0.418425, 0.404753, 0.402277, 0.400817, 0.409034, 0.404651, 0.402944, 0.400068, 0.396229,
      ],
    },
  ])('of scikit-image 0.26.0, denoise_tv_chambolle(image, …, eps=0), is ours at $options', ({ options, theirs }) => {
    const ours = seen('total-variation', options, tf.tensor4d(image, [1, 4, 5, 1]));
    for (const [i, value] of ours.entries()) expect(value).toBeCloseTo(theirs[i] as number, 4);
  });

  it('has a gradient where the image is flat', () => {
    const wrapped = defended([randomLinear(2, 1)], [{ id: 'total-variation', options: {} }]);
    const slope = tf.tidy(() =>
      tf.grad((x) => tf.slice(wrapped.logits(x as tf.Tensor4D), 0, 1))(tf.zeros([1, 4, 4, 1])),
    );
    const values = [...slope.dataSync()];
    expect(values.every(Number.isFinite)).toBe(true);
    expect(Math.max(...values.map(Math.abs))).toBeGreaterThan(0.01);
  });
});

describe('an attack', () => {
  const EPSILON = 0.15;
  const SHAPE = [8, 8, 1] as const;
  const net = randomLinear(3, 4, SHAPE);
  const { x, examples } = randomImages(20, SHAPE, 2);

  /** Share of what the classifier says of clean images that does not outlast the attack. */
  async function broken(classifier: Classifier): Promise<number> {
    const logits = tf.tidy(() => classifier.logits(tf.tensor4d(x, [20, ...SHAPE])).dataSync<'float32'>());
    const y = predictions(logits, 3);
    const { success } = await runAttack({
      ...{ attack: findAttack('pgd'), options: { steps: 20, relativeStepSize: 0.1 }, classifier, x, y, examples },
      ...{ target: null, norm: 'Linf', epsilon: EPSILON, seed: 0, stream: 'pgd' },
    });
    return success.reduce((sum, one) => sum + one, 0) / 20;
  }

  it.each<NamedDefense>([
    { id: 'bit-depth', options: { bits: 2 } },
    { id: 'bit-depth', options: { bits: 5 } },
    { id: 'median', options: { size: 2 } },
    { id: 'median', options: { size: 3 } },
    { id: 'jpeg', options: { quality: 75 } },
    { id: 'jpeg', options: { quality: 30 } },
    { id: 'total-variation', options: { weight: 0.1, steps: 5 } },
  ])('breaks $id $options where it breaks the bare net', async (named) => {
    expect(await broken(net)).toBe(1);
    expect(await broken(defended([net], [named]))).toBe(1);
  });

  it('breaks less where the gradient of a rounding is taken as it is', async () => {
    const bits2 = rounded(net, 4);
    expect(await broken(bits2)).toBeLessThan(0.8);
  });
});
