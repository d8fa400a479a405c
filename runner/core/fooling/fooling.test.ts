import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { inBox } from '../metrics/judge.ts';
import { constant, linear, notANumberAbove, scaled, smallNet } from '../testing/classifiers.ts';
import { directEncoding, directEncodingDefaults } from './direct-encoding.ts';
import { type FoolingImages, type FoolingRequest, probabilities } from './fooling.ts';
import { gradientAscent, gradientAscentDefaults } from './gradient-ascent.ts';
import { indirectEncoding } from './indirect-encoding.ts';
import { drawNetwork, firstNetwork, mutatedNetwork } from './pattern-network.ts';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

type Method = (request: FoolingRequest, rounds: number) => Promise<FoolingImages>;
const methods: [string, Method][] = [
  ['direct encoding', (request, generations) => directEncoding(request, { ...directEncodingDefaults, generations })],
  ['indirect encoding', indirectEncoding],
  ['gradient ascent', (request, steps) => gradientAscent(request, { ...gradientAscentDefaults, steps })],
];
const net = scaled(smallNet(), 4);

describe.each(methods)('%s', (_, method) => {
  test('returns an image for each class, and the confidence that the model has in it', async () => {
    const { images, confidences } = await method({ classifier: net, seed: 1 }, 20);
    expect(images.length).toBe(3 * 64);
    expect([...inBox(images, 64)]).toEqual([1, 1, 1]);
    const again = await probabilities(net, images);
    for (const [c, confidence] of confidences.entries()) expect(confidence).toBeCloseTo(again[c * 3 + c] as number, 6);
  });

  test('gains confidence with every round or keeps it', async () => {
    const [few, many] = [await method({ classifier: net, seed: 1 }, 2), await method({ classifier: net, seed: 1 }, 60)];
    for (const [c, confidence] of few.confidences.entries()) expect(many.confidences[c]).toBeGreaterThan(confidence);
  });

  test('the same seed gives the same images, another seed others', async () => {
    const one = await method({ classifier: net, seed: 1 }, 5);
    expect(await method({ classifier: net, seed: 1 }, 5)).toEqual(one);
    expect((await method({ classifier: net, seed: 2 }, 5)).images).not.toEqual(one.images);
  });

  test('leaves no tensor behind, and says what it asked', async () => {
    const before = tf.memory().numTensors;
    const { queries } = await method({ classifier: net, seed: 1 }, 5);
    expect(tf.memory().numTensors).toBe(before);
    expect(queries).toBe(3 * 6);
  });

  test('tells its confidences after every round, the last as it returns them', async () => {
    const told: Float64Array[] = [];
    const onRound = (confidences: Float64Array) => void told.push(confidences.slice());
    const { confidences } = await method({ classifier: net, seed: 1, onRound }, 5);
    expect(told.at(-1)).toEqual(confidences);
    // An evolution tells of its first generation as well; an ascent of its steps.
    expect([5, 6]).toContain(told.length);
  });

  test('comes to an end on a constant classifier and on NaN', async () => {
    const { confidences } = await method({ classifier: constant(4), seed: 1 }, 3);
    expect(confidences[0]).toBeCloseTo(Math.E / (Math.E + 3), 6);
    const broken = await method({ classifier: notANumberAbove(constant(4), 0.01), seed: 1 }, 3);
    for (const confidence of broken.confidences) expect(confidence).toBeGreaterThanOrEqual(0);
    expect([...broken.images].every(Number.isFinite)).toBe(true);
  });
});

test.each([
  [methods[0], 300, 0.7],
  [methods[1], 300, 0.4],
  [methods[2], 60, 0.99],
] as const)('of three classes none holds out: %o', async (named, rounds, least) => {
  const { confidences } = await (named as [string, Method])[1]({ classifier: net, seed: 1 }, rounds);
  expect(Math.min(...confidences)).toBeGreaterThan(least);
});

test('gradient ascent ends at the image that a linear model likes best', async () => {
  // Class 0 likes the first half white, class 1 the second.
  const weights = Float32Array.from({ length: 32 }, (_, i) =>
    (Math.floor(i / 2) < 8 ? 1 : 0) === (i % 2 === 0 ? 1 : 0) ? 1 : -1,
  );
  const { images } = await gradientAscent(
    { classifier: linear(weights, new Float32Array(2)), seed: 0 },
    { ...gradientAscentDefaults, decay: 0 },
  );
  const half = (first: number, second: number) => [...Array(8).fill(first), ...Array(8).fill(second)];
  expect([...images]).toEqual([...half(1, 0), ...half(0, 1)]);
});

describe('pattern networks', () => {
  test('draw what their links say', () => {
    // Across only: a sigmoid from left to right.
    const nodes = Array.from({ length: 5 }, (_, i) => ({ depth: i < 4 ? 0 : 1, function: 'sigmoid' as const }));
    const image = new Float32Array(6);
    drawNetwork({ nodes, links: [{ from: 0, to: 4, weight: 2 }] }, [2, 3, 1], image);
    const sigmoid = (v: number) => 1 / (1 + Math.exp(-v));
    for (const [i, value] of [-2, 0, 2, -2, 0, 2].entries()) expect(image[i]).toBeCloseTo(sigmoid(value), 6);
  });

  test('stay without cycles and within the pixel range, however often they change', () => {
    let state = 1;
    const uniform = () => {
      state = (state * 48271) % 2147483647;
      return state / 2147483647;
    };
    let network = firstNetwork(3, uniform);
    for (let i = 0; i < 200; i++) network = mutatedNetwork(network, 3, uniform);
    expect(network.nodes.length).toBeGreaterThan(20);
    for (const { from, to } of network.links) {
      expect(network.nodes[from]?.depth).toBeLessThan(network.nodes[to]?.depth as number);
    }
    const image = new Float32Array(5 * 5 * 3).fill(-1);
    drawNetwork(network, [5, 5, 3], image);
    expect([...inBox(image, image.length)]).toEqual([1]);
  });
});
