import * as tf from '@tensorflow/tfjs';
import { z } from 'zod';
import { project } from '../projections.ts';
import type { Attack, AttackContext } from './attack.ts';
import { findings } from './shared/findings.ts';
import { type ImageShape, moveImage, type RigidMotion } from './shared/rigid-motion.ts';

const optionsSchema = z.strictObject({
  search: z
    .enum(['grid', 'random'])
    .default('grid')
    .describe('Try every motion of a grid, the mildest first, or so many random ones (worst of k).'),
  maxRotation: z.number().min(0).max(180).default(30).describe('Largest rotation, in degrees, to either side.'),
  maxShift: z
    .number()
    .min(0)
    .max(1000)
    .default(3)
    .describe('Largest shift, in pixels, along each axis to either side.'),
  rotations: z.int().min(1).max(1000).default(31).describe('In a grid: number of angles from end to end.'),
  shifts: z.int().min(1).max(100).default(5).describe('In a grid: number of shifts along each axis from end to end.'),
  draws: z.int().min(1).max(100_000).default(10).describe('In a random search: number of motions (k).'),
});

type Options = z.infer<typeof optionsSchema>;

/** Images classified at once: several motions of the rows that still stand. */
const BATCH = 256;

/**
 * Spatial attack: rotations and translations of an image, of which any that is misclassified counts, with or without a target.
 *
 * A grid of 31 angles and 5 × 5 shifts is searched from the mildest motion on, or k motions are drawn at random. It asks for nothing but
 * classes. Motions have no distance in a norm worth speaking of: the attack is meant to run without a ball. With one,
 * the moved images are projected before they are asked about.
 *
 * Source: Engstrom et al., "Exploring the Landscape of Spatial Robustness", ICML 2019, https://arxiv.org/abs/1712.02779, §3; defaults:
 * its ±30° and ±3 pixels for MNIST and CIFAR-10, its grid and its k = 10.
 * Departs from it in one way: of several motions that mislead it takes the mildest, or the first drawn, where the paper takes that of the largest
 * loss; success is the same.
 */
export const spatial: Attack<typeof optionsSchema> = {
  id: 'spatial',
  name: 'Rotation and translation',
  norms: ['L2', 'Linf'],
  kind: 'unbounded',
  access: 'labels',
  targeted: 'optional',
  paper: 'https://arxiv.org/abs/1712.02779',
  optionsSchema,

  async perturb(context, options) {
    const { x } = context;
    const clean = await x.data<'float32'>();
    const shape: ImageShape = [x.shape[1], x.shape[2], x.shape[3]];
    const found = await findings(x);
    const motions = options.search === 'grid' ? gridMotions(options) : randomMotions(context, options);
    for (let tried = 0, rows = found.open(); tried < motions.count && rows.length > 0; rows = found.open()) {
      const together = Math.min(motions.count - tried, Math.max(1, Math.floor(BATCH / rows.length)));
      // Motion by motion, so that of those that mislead the first is met first.
      const asked = Array.from({ length: together }, (_, k) =>
        [...rows].map((row) => [row, tried + k] as const),
      ).flat();
      const images = movedImages(
        context,
        clean,
        shape,
        asked.map(([row, k]) => [row, motions.of(row, k)] as const),
      );
      const done = await misled(
        context,
        images,
        shape,
        Int32Array.from(asked, ([row]) => row),
      );
      settleFirst(found, images, asked, done);
      tried += together;
      await context.pause();
    }
    return found.toTensor();
  },
};

/** Motions to try, each row's in order. */
interface Motions {
  readonly count: number;
  of(row: number, k: number): RigidMotion;
}

/** Numbers from −most to most, evenly; 0 where there is but one. */
function evenly(count: number, most: number): number[] {
  return Array.from({ length: count }, (_, i) => (count === 1 ? 0 : most * ((2 * i) / (count - 1) - 1)));
}

/** Every motion of the grid but the one that moves nothing, the mildest first: by the sum of their squared shares of the largest. */
function gridMotions({ rotations, shifts, maxRotation, maxShift }: Options): Motions {
  const share = (value: number, most: number) => (most === 0 ? 0 : (value / most) ** 2);
  const size = ({ degrees, right, down }: RigidMotion) =>
    share(degrees, maxRotation) + share(right, maxShift) + share(down, maxShift);
  const all = evenly(rotations, maxRotation).flatMap((degrees) =>
    evenly(shifts, maxShift).flatMap((right) => evenly(shifts, maxShift).map((down) => ({ degrees, right, down }))),
  );
  const motions = all.filter((motion) => size(motion) > 0).sort((a, b) => size(a) - size(b));
  return { count: motions.length, of: (_, k) => motions[k] as RigidMotion };
}

function randomMotions({ random, examples }: AttackContext, { draws, maxRotation, maxShift }: Options): Motions {
  return {
    count: draws,
    of(row, k) {
      const [a, b, c] = random.uniform([examples[row] as number], k, 3).map((u) => 2 * u - 1) as unknown as number[];
      return {
        degrees: maxRotation * (a as number),
        right: maxShift * (b as number),
        down: maxShift * (c as number),
      };
    },
  };
}

/** The images asked about, one after the other, in the ball and the pixel range. */
function movedImages(
  { norm, epsilon }: AttackContext,
  clean: Float32Array,
  shape: ImageShape,
  asked: readonly (readonly [row: number, motion: RigidMotion])[],
): Float32Array {
  const size = shape[0] * shape[1] * shape[2];
  const images = new Float32Array(asked.length * size);
  for (const [i, [row, motion]] of asked.entries()) {
    const original = clean.subarray(row * size, (row + 1) * size);
    const image = images.subarray(i * size, (i + 1) * size);
    moveImage(original, shape, motion, image);
    project(original, image, size, norm, epsilon);
  }
  return images;
}

async function misled(
  { model, adversarial }: AttackContext,
  images: Float32Array,
  shape: ImageShape,
  rows: Int32Array,
): Promise<Uint8Array> {
  const batch = tf.tensor4d(images, [rows.length, ...shape]);
  const logits = model.logits(batch);
  const done = adversarial(await logits.data<'float32'>(), rows);
  tf.dispose([batch, logits]);
  return done;
}

/** Stores the first image of each row that misleads. */
function settleFirst(
  found: Awaited<ReturnType<typeof findings>>,
  images: Float32Array,
  asked: readonly (readonly [row: number, k: number])[],
  done: Uint8Array,
) {
  const settled = new Set<number>();
  const first = done.map((flag, i) => {
    const row = asked[i]?.[0] as number;
    if (flag === 0 || settled.has(row)) return 0;
    settled.add(row);
    return 1;
  });
  found.settle(
    images,
    Int32Array.from(asked, ([row]) => row),
    first,
  );
}
