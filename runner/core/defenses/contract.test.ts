import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Classifier } from '../models/classifier.ts';
import { submissionSchema } from '../submission.ts';
import { randomLinear } from '../testing/classifiers.ts';
import { untrainedGenerator } from '../testing/generator.ts';
import { randomImages } from '../testing/images.ts';
import { slopeAndQuotient } from '../testing/slopes.ts';
import type { Defense, Given } from './defense.ts';
import { drawSource } from './draws.ts';
import { defended, defenses } from './index.ts';

const CLASSES = 3;
type Several = [Classifier, ...Classifier[]];

beforeAll(() => tf.setBackend('cpu'));

/** Nets whose scores are small, so that differences are taken where probabilities bend least. */
function nets(count: number): Several {
  return Array.from({ length: count }, (_, i) => {
    const net = randomLinear(CLASSES, i + 1);
    return { ...net, logits: (x: tf.Tensor4D) => tf.tidy(() => tf.mul(net.logits(x), 0.3) as tf.Tensor2D) };
  }) as unknown as Several;
}

/** What a defense is given where no other one draws. */
function givenTo({ file }: Defense): Given {
  return { draws: drawSource().of(0), file: file === undefined ? null : untrainedGenerator([4, 4, 1]) };
}

function images(count: number): tf.Tensor4D {
  return tf.tensor4d(randomImages(count, [4, 4, 1], 9, 0.3).x, [count, 4, 4, 1]);
}

describe.each(defenses)('$id', (defense) => {
  const wrapped = (options: object = {}, given = nets(defense.joins ? 3 : 1)) =>
    defense.wrap(given, defense.optionsSchema.parse(options), givenTo(defense));

  it('is declared: an address, a sentence, and how it is attacked', () => {
    expect(defense.id).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*$/);
    expect(defense.paper).toMatch(/^https:\/\//);
    expect(defense.description).toMatch(/\.$/);
    expect(defense.adaptive.length).toBeGreaterThan(0);
    expect(defense.randomised).toBe(defense.adaptive.includes('eot'));
    for (const field of Object.values(defense.optionsSchema.shape)) {
      expect((field as { description?: string }).description).toBeTruthy();
    }
    expect(() => defense.optionsSchema.parse({ surprise: 1 })).toThrow();
  });

  it('keeps the form of its nets, and gives each image its own scores whatever lies beside it', () => {
    const classifier = wrapped();
    expect(classifier).toMatchObject({ inputShape: [4, 4, 1], classes: CLASSES });
    const x = images(6);
    const together = classifier.logits(x);
    expect(together.shape).toEqual([6, CLASSES]);
    expect([...together.dataSync()].every(Number.isFinite)).toBe(true);
    const alone = Array.from({ length: 6 }, (_, i) => [...classifier.logits(tf.slice(x, i, 1)).dataSync()]).flat();
    together.dataSync().forEach((score, i) => {
      expect(score).toBeCloseTo(alone[i] as number, 5);
    });
  });

  it('leaves nothing behind but its scores, and disposes of its nets', () => {
    let disposed = 0;
    const given = nets(defense.joins ? 3 : 1).map((net) => ({ ...net, dispose: () => void disposed++ }));
    const classifier = wrapped({}, given as unknown as Several);
    const x = images(2);
    const before = tf.memory().numTensors;
    classifier.logits(x).dispose();
    expect(tf.memory().numTensors).toBe(before);
    classifier.dispose();
    expect(disposed).toBe(given.length);
  });

  it('has a gradient that says something; one that is exact or unrolled is what differences give', () => {
    const { slope, quotient } = slopeAndQuotient(wrapped(), images(1));
    expect(Math.abs(slope)).toBeGreaterThan(0);
    if (['exact', 'unrolled'].includes(defense.adaptive.join())) expect(slope).toBeCloseTo(quotient, 2);
  });
});

describe.each(defenses.filter(({ joins }) => joins))('$id', (defense) => {
  it('of one net with itself decides as that net', () => {
    const [net] = nets(1);
    const x = images(20);
    const decided = (classifier: Classifier) => [...tf.argMax(classifier.logits(x), 1).dataSync()];
    expect(decided(defense.wrap([net, net], defense.optionsSchema.parse({}), givenTo(defense)))).toEqual(decided(net));
  });
});

describe('what joins several', () => {
  const scoresOf = (classifier: Classifier, x: tf.Tensor4D) => [...classifier.logits(x).dataSync()];
  const close = (a: number[], b: number[]) => {
    for (const [i, value] of a.entries()) expect(value).toBeCloseTo(b[i] as number, 5);
  };
  /** A net that says the same of every image. */
  const saying = (...logits: number[]): Classifier => ({
    ...{ inputShape: [4, 4, 1], classes: logits.length, dispose: () => {} },
    logits: (x) => tf.tidy(() => tf.tile(tf.tensor2d([logits]), [x.shape[0], 1]) as tf.Tensor2D),
  });

  it('averages probabilities and gives their logarithms, or averages logits', () => {
    const [a, b] = nets(2) as unknown as [Classifier, Classifier];
    const x = images(4);
    const softmax = (classifier: Classifier) => [...tf.softmax(classifier.logits(x)).dataSync()];
    const mean = (p: number[], q: number[]) => p.map((value, i) => (value + (q[i] as number)) / 2);
    const by = (of: string) => defended([a, b], [{ id: 'averaging', options: { of } }]);
    close(softmax(by('probabilities')), mean(softmax(a), softmax(b)));
    close(scoresOf(by('probabilities'), x), mean(softmax(a), softmax(b)).map(Math.log));
    close(scoresOf(by('logits'), x), mean(scoresOf(a, x), scoresOf(b, x)));
    close(scoresOf(defended([a, a], [{ id: 'averaging', options: { of: 'logits' } }]), x), scoresOf(a, x));
  });

  it('stays finite where one net is so sure that other probabilities vanish in float32', () => {
    const sure = defended([saying(200, 0), saying(200, 0)], [{ id: 'averaging', options: {} }]);
    close(scoresOf(sure, images(1)), [0, -200]);
  });

  it('votes: the most votes win, and of as many the larger mean of probabilities', () => {
    const decide = (...given: Several) =>
      tf.argMax(defended(given, [{ id: 'vote', options: {} }]).logits(images(1)), 1).dataSync()[0];
    // Two that are hardly sure outvote one that is.
    expect(decide(saying(0.1, 0, 0), saying(0.1, 0, 0), saying(0, 0, 50))).toBe(0);
    expect(decide(saying(0.1, 0, 0), saying(0, 0, 5))).toBe(2);
    expect(decide(saying(5, 0, 0), saying(0, 0, 0.1))).toBe(0);
  });

  it('is named first, and only where there are several', () => {
    const [a, b] = nets(2) as unknown as [Classifier, Classifier];
    expect(() => defended([a, b], [])).toThrow(/none of them joins the 2 models/);
    expect(() => defended([a], [{ id: 'vote', options: {} }])).toThrow(/vote joins several nets, and is given 1/);
    expect(() => defended([a], [{ id: 'votes', options: {} }])).toThrow(/the defenses are|there is no 'votes'/);
  });
});

it('every defense is one that a manifest may name', () => {
  const manifest = { id: 'A2020B', name: 'a', authors: ['a'], licence: 'MIT', datasets: ['mnist'] };
  const models = [0, 1].map((i) => ({ format: 'onnx', file: `${i}.onnx`, sha256: 'a'.repeat(64) }));
  for (const { id, file } of defenses) {
    const named = file === undefined ? { id } : { id, file: 'a.safetensors', sha256: 'a'.repeat(64) };
    expect(submissionSchema.safeParse({ ...manifest, models, defenses: [named] }).success).toBe(true);
  }
});
