import * as tf from '@tensorflow/tfjs';
import { z } from 'zod';
import type { Attack, AttackContext } from './attack.ts';
import { scoreCandidates } from './shared/candidates.ts';

const optionsSchema = z.strictObject({
  pixels: z
    .int()
    .min(1)
    .max(1000)
    .default(1)
    .describe('Pixels to change, at most as many as ε allows: a pixel counts as many values as it has channels.'),
  population: z.int().min(4).max(10_000).default(400).describe('Candidates of each generation; one forward pass each.'),
  generations: z.int().min(0).max(10_000).default(100).describe('Most generations after the first population.'),
  differentialWeight: z
    .number()
    .positive()
    .max(2)
    .default(0.5)
    .describe('Weight F of the difference of two candidates that is added to a third.'),
});

type Options = z.infer<typeof optionsSchema>;

/** Genes of a pixel beside its channels: row and column. */
const PLACE = 2;

/** Draws of an image: two for the first population, then one for each generation. */
const PLACES = 0;
const COLOURS = 1;
const PARENTS = 2;

/**
 * One-pixel attack, L0, with or without a target: differential evolution over places and colours of a few pixels.
 *
 * A candidate lists pixels, each by row, column and channels. The first ones are anywhere, with colours from N(1/2, 1/2). A child is
 * a + F · (b − c) of three other candidates and takes the place of the one with its own index if it does better. Evolution
 * stops at the first generation with a success.
 *
 * Source: Su et al., "One Pixel Attack for Fooling Deep Neural Networks", IEEE Transactions on Evolutionary Computation 2019,
 * https://arxiv.org/abs/1710.08864, §III; defaults: its 400 candidates, F = 0.5, no crossover and 100 generations.
 * Fitness is the cross-entropy, which orders candidates as the paper's probability does but does not saturate.
 * Departs from it in two ways: it goes on to a success, not to a probability of 5 % (90 % with a target); and the paper leaves open
 * what becomes of genes out of range: here places are reflected at the border and colours clipped.
 */
export const onePixel: Attack<typeof optionsSchema> = {
  id: 'one-pixel',
  name: 'One pixel',
  norms: ['L0'],
  kind: 'fixed-epsilon',
  access: 'scores',
  targeted: 'optional',
  paper: 'https://arxiv.org/abs/1710.08864',
  optionsSchema,

  async perturb(context, options) {
    const { x, epsilon } = context;
    const pixels = Math.min(options.pixels, Math.floor(epsilon / x.shape[3]));
    const images = (await x.data<'float32'>()).slice();
    const size = images.length / x.shape[0];
    for (let row = 0; pixels > 0 && row < x.shape[0]; row++) {
      const image = images.subarray(row * size, (row + 1) * size);
      image.set(await evolve(context, { ...options, pixels }, row, image));
    }
    return tf.tensor4d(images, x.shape);
  },
};

/** @returns a success of the row if there is one, else its fittest image */
async function evolve(context: AttackContext, options: Options, row: number, clean: Float32Array) {
  const { population } = options;
  const draw = drawsOf(context, row);
  let parents = firstGenes(context, options, draw);
  const length = parents.length / population;
  const fitness = new Float64Array(population).fill(Number.POSITIVE_INFINITY);
  for (let generation = 0; generation <= options.generations; generation++) {
    const children = generation === 0 ? parents : childrenOf(parents, context, options, draw, generation);
    const images = paint(children, context, options, clean);
    const { losses, done } = await scoreCandidates(context, 'ce', row, images);
    const next = parents.slice();
    for (const [i, loss] of losses.entries()) {
      // A success comes before all else, even where its loss is not a number.
      const value = done[i] === 1 ? Number.NEGATIVE_INFINITY : loss;
      if (!(value < (fitness[i] as number))) continue;
      fitness[i] = value;
      next.set(children.subarray(i * length, (i + 1) * length), i * length);
    }
    parents = next;
    if (done.includes(1)) break;
  }
  const best = fitness.indexOf(Math.min(...fitness));
  return paint(parents.subarray(best * length, (best + 1) * length), context, options, clean);
}

function drawsOf({ random, examples }: AttackContext, row: number) {
  const keys = [examples[row] as number];
  return {
    uniform: (draw: number, size: number) => random.uniform(keys, draw, size),
    normal: (draw: number, size: number) => random.normal(keys, draw, size),
  };
}

type Draws = ReturnType<typeof drawsOf>;

/** Genes of the first population, [population × pixels × (2 + channels)]. */
function firstGenes({ x }: AttackContext, { population, pixels }: Options, draw: Draws): Float64Array {
  const [, height, width, channels] = x.shape;
  const count = population * pixels;
  const places = draw.uniform(PLACES, count * PLACE);
  const colours = draw.normal(COLOURS, count * channels);
  const genes = new Float64Array(count * (PLACE + channels));
  for (let k = 0; k < count; k++) {
    const from = k * (PLACE + channels);
    genes[from] = (places[k * PLACE] as number) * height;
    genes[from + 1] = (places[k * PLACE + 1] as number) * width;
    for (let c = 0; c < channels; c++)
      genes[from + PLACE + c] = clip(0.5 + 0.5 * (colours[k * channels + c] as number));
  }
  return genes;
}

/** A child for each candidate, from three others that differ from it and from each other. */
function childrenOf(
  parents: Float64Array,
  { x }: AttackContext,
  { population, differentialWeight }: Options,
  draw: Draws,
  generation: number,
): Float64Array {
  const [, height, width, channels] = x.shape;
  const length = parents.length / population;
  const u = draw.uniform(PARENTS + generation, population * 3);
  const children = new Float64Array(parents.length);
  for (let i = 0; i < population; i++) {
    const [a, b, c] = threeOthers(i, population, u.subarray(3 * i, 3 * i + 3));
    for (let k = 0; k < length; k++) {
      const of = (candidate: number) => parents[candidate * length + k] as number;
      const gene = of(a) + differentialWeight * (of(b) - of(c));
      const kind = k % (PLACE + channels);
      children[i * length + k] = kind >= PLACE ? clip(gene) : reflect(gene, kind === 0 ? height : width);
    }
  }
  return children;
}

function threeOthers(own: number, population: number, u: Float32Array): [number, number, number] {
  const taken = [own];
  for (const value of u) {
    let other = Math.floor(value * (population - taken.length));
    for (const earlier of taken.toSorted((a, b) => a - b)) if (other >= earlier) other++;
    taken.push(other);
  }
  return taken.slice(1) as [number, number, number];
}

const clip = (value: number) => Math.min(1, Math.max(0, value));

/** Mirrors a place at the border it has crossed. */
function reflect(place: number, extent: number): number {
  const mirrored = place < 0 ? -place : place >= extent ? 2 * extent - place : place;
  return Math.min(extent, Math.max(0, mirrored));
}

/** The image with each candidate's pixels in it, [candidates × size]. */
function paint(genes: Float64Array, { x }: AttackContext, { pixels }: Options, clean: Float32Array): Float32Array {
  const [, height, width, channels] = x.shape;
  const perPixel = PLACE + channels;
  const candidates = genes.length / (pixels * perPixel);
  const images = new Float32Array(candidates * clean.length);
  for (let i = 0; i < candidates; i++) {
    images.set(clean, i * clean.length);
    for (let from = i * pixels * perPixel; from < (i + 1) * pixels * perPixel; from += perPixel) {
      const h = Math.min(height - 1, Math.floor(genes[from] as number));
      const w = Math.min(width - 1, Math.floor(genes[from + 1] as number));
      const to = i * clean.length + (h * width + w) * channels;
      for (let c = 0; c < channels; c++) images[to + c] = genes[from + PLACE + c] as number;
    }
  }
  return images;
}
