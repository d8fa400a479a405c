import { distances, predictions } from '../../metrics/judge.ts';
import type { Classifier } from '../../models/classifier.ts';
import type { Norm } from '../../projections.ts';
import { type ExampleRandom, exampleRandom } from '../../random.ts';
import { ballSamples, type Place } from './ball-samples.ts';
import { imageSize, inBatches, takeRows } from './batches.ts';
import { type Plant, plantedClassifier } from './planted.ts';
import type { Probe, ProbeContext, Reading } from './probe.ts';
import { readOut } from './read-out.ts';
import { count, runLine } from './run-line.ts';

/** So many images are altered at most. */
const IMAGES = 25;
/** Points of the ball that stay of the right class, beside the clean image. */
const INSIDE = 100;
/** Points of the surface of which one becomes adversarial: the one that stands out most. */
const CANDIDATES = 16;
/** The others lie within this share of the radius. */
const SHRINK = 0.95;
/** Points by which chance is measured. */
const RANDOM = 100;

/**
 * The active test: plants an adversarial example in the ball of each image, and sees whether the suite's strongest line finds it.
 *
 * A random point of the ball's surface is made adversarial, and 100 random points of a ball 5 % smaller, with the clean image, are kept right,
 * by a linear read-out of the model's own logits that tells the one from the others (`readOut`, `plantedClassifier`). That the point is
 * adversarial and the clean image is not is checked before the attack starts; images for which no read-out exists are left out. Whatever
 * hides the gradients of the model hides those of the altered one, for its gradient is a combination of the model's. What does not: raising
 * one linear function of the logits from its value at x to one that a point of the ball is known to reach is a simpler task than the
 * attack's own, so one that fails here need not be believed there.
 *
 * `found`: share of the planted examples that the line found. `chance`: share for which one of 100 random points of the ball was
 * adversarial. `planted`: how many there were, of `examples`.
 *
 * Source: Zimmermann et al., "Increasing Confidence in Adversarial Robustness Evaluations", NeurIPS 2022,
 * https://arxiv.org/abs/2206.13991. Departs from it in this: the read-out is of the logits, the one layer that every submission has, in
 * place of the last hidden layer, hence 100 inner points instead of 999; it is Fisher's direction instead of a trained logistic
 * regression; and it decides between two of the model's classes, with the others below, so that each line runs as it stands.
 */
export const activeTest: Probe = {
  id: 'active-test',
  examples: 100,
  cost: { passes: INSIDE / 2, lineRuns: 1 },
  async measure(context): Promise<Reading | null> {
    const { line, y, classifier, norm } = context;
    if (line === null || y.length === 0) return null;
    const rows = apart(context).slice(0, IMAGES);
    const random = exampleRandom(context.seed, 'probe/active-test');
    const candidates = await plant(context, rows, random);
    if (candidates.length === 0) return { examples: rows.length, planted: 0 };
    const altered = plantedClassifier(
      classifier,
      candidates.map(({ what }) => what),
      norm,
    );
    try {
      const sound = await keepSound(altered, candidates);
      if (sound.length === 0) return { examples: rows.length, planted: 0 };
      const found = await runLine(
        context,
        line,
        sound.map(({ row }) => row),
        { classifier: altered },
      );
      const chance = await byChance(context, altered, sound, random);
      return {
        examples: rows.length,
        planted: sound.length,
        found: count(found) / sound.length,
        chance: chance / sound.length,
      };
    } finally {
      altered.dispose();
    }
  },
};

interface Planted {
  /** Position of the example among the probe's. */
  readonly row: number;
  readonly what: Plant;
  /** The planted point. */
  readonly point: Float32Array;
}

/** Positions of examples, each farther than two radii from those before it: their balls do not meet. */
function apart({ classifier, x, y, norm, epsilon }: ProbeContext): number[] {
  const size = imageSize(classifier);
  const image = (row: number) => x.subarray(row * size, (row + 1) * size);
  const chosen: number[] = [];
  for (const row of y.keys()) {
    const far = (other: number) => (distances(image(row), image(other), size, norm)[0] as number) > 2 * epsilon;
    if (chosen.length < IMAGES && chosen.every(far)) chosen.push(row);
  }
  return chosen;
}

async function plant(context: ProbeContext, rows: readonly number[], random: ExampleRandom): Promise<Planted[]> {
  const { classifier, x, y, examples, norm, epsilon } = context;
  const { classes } = classifier;
  const size = imageSize(classifier);
  const images = takeRows(x, rows, size);
  const keys = Int32Array.from(rows, (row) => examples[row] as number);
  const shrunk = norm === 'L0' ? Math.floor(SHRINK * epsilon) : SHRINK * epsilon;
  const draws = { draw: 0 };
  const inside = await samples(classifier, images, keys, norm, shrunk, 'inside', INSIDE, random, draws);
  const surface = await samples(classifier, images, keys, norm, epsilon, 'surface', CANDIDATES, random, draws);
  const clean = await inBatches(classifier, images, (batch) => classifier.logits(batch));
  return rows.flatMap((row, i) => {
    const own = clean.slice(i * classes, (i + 1) * classes);
    const cloud = Float32Array.from(
      inside.flatMap(({ logits }) => [...logits.subarray(i * classes, (i + 1) * classes)]),
    );
    const label = y[row] as number;
    const target = runnerUp(own, label);
    const margin = (own[label] as number) - (own[target] as number);
    let best: Planted | null = null;
    for (const { points, logits } of surface) {
      const read = readOut(own, cloud, logits.slice(i * classes, (i + 1) * classes));
      if (read === null || read.top <= (best?.what.readOut.top ?? 0)) continue;
      const what = { x: images.slice(i * size, (i + 1) * size), y: label, target, margin, readOut: read };
      best = { row, what, point: points.slice(i * size, (i + 1) * size) };
    }
    return best === null ? [] : [best];
  });
}

/** Random points of each ball with the model's logits there, `times` over. */
async function samples(
  classifier: Classifier,
  images: Float32Array,
  keys: Int32Array,
  norm: Norm,
  epsilon: number,
  place: Place,
  times: number,
  random: ExampleRandom,
  draws: { draw: number },
) {
  const all: { points: Float32Array; logits: Float32Array }[] = [];
  for (let i = 0; i < times; i++) {
    const points = ballSamples(images, keys, norm, epsilon, place, random, draws.draw++);
    all.push({ points, logits: await inBatches(classifier, points, (batch) => classifier.logits(batch)) });
  }
  return all;
}

/** Those that the altered model classifies right where it must, and otherwise at the planted point. */
async function keepSound(altered: Classifier, planted: readonly Planted[]): Promise<Planted[]> {
  const classesOf = async (images: readonly Float32Array[]) => {
    const x = Float32Array.from(images.flatMap((image) => [...image]));
    return predictions(await inBatches(altered, x, (batch) => altered.logits(batch)), altered.classes);
  };
  const clean = await classesOf(planted.map(({ what }) => what.x));
  const there = await classesOf(planted.map(({ point }) => point));
  return planted.filter(({ what }, i) => clean[i] === what.y && there[i] === what.target);
}

/** For how many of the images a random point of the ball is adversarial. */
async function byChance(
  { examples, norm, epsilon }: ProbeContext,
  altered: Classifier,
  planted: readonly Planted[],
  random: ExampleRandom,
): Promise<number> {
  const images = Float32Array.from(planted.flatMap(({ what }) => [...what.x]));
  const keys = Int32Array.from(planted, ({ row }) => examples[row] as number);
  const hit = new Uint8Array(planted.length);
  const draws = { draw: INSIDE + CANDIDATES };
  for (const { logits } of await samples(altered, images, keys, norm, epsilon, 'inside', RANDOM, random, draws)) {
    for (const [i, prediction] of predictions(logits, altered.classes).entries())
      if (prediction !== planted[i]?.what.y) hit[i] = 1;
  }
  return count(hit);
}

function runnerUp(logits: Float32Array, label: number): number {
  let best = label === 0 ? 1 : 0;
  for (const [c, value] of logits.entries()) if (c !== label && value > (logits[best] as number)) best = c;
  return best;
}
