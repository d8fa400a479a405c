import { predictions } from '../../metrics/judge.ts';
import { exampleRandom } from '../../random.ts';
import { imageSize, inBatches } from './batches.ts';
import type { Probe } from './probe.ts';

/** Uniform noise of at most so much on every pixel. */
const NOISE = 2 / 255;
/** Draws of noise of each image. */
const DRAWS = 4;
/** A pixel is a small move only of an image at least so wide and high. */
const SMALLEST_SIDE = 16;

/** Down, up, right and left. */
const moves = [
  [1, 0],
  [-1, 0],
  [0, 1],
  [0, -1],
] as const;

/**
 * Classifies the images, all of them right as they are, with changes that leave what they show as it is: moved by a pixel, the edge
 * repeated, and with noise that no eye sees.
 *
 * `movedWrong`: the share that is wrong of the images moved to each of four sides; 0 where images are so small that a pixel is much.
 * `noisyWrong`: the share of four noisy versions of each. A model that looks up the test images, or was fitted to them, loses what it
 * looked up; one that has learned loses a few that were near a boundary.
 */
export const smallChanges: Probe = {
  id: 'small-changes',
  examples: 100,
  cost: { passes: (moves.length + DRAWS) / 2, lineRuns: 0 },
  async measure({ classifier, x, y, examples, seed }) {
    const count = y.length;
    if (count === 0) return null;
    const size = imageSize(classifier);
    const wrong = async (images: Float32Array) => {
      const logits = await inBatches(classifier, images, (batch) => classifier.logits(batch));
      return predictions(logits, classifier.classes).filter((prediction, i) => prediction !== y[i]).length;
    };
    const [height, width] = classifier.inputShape;
    const isSmallMove = Math.min(height, width) >= SMALLEST_SIDE;
    let [moved, noisy] = [0, 0];
    for (const move of isSmallMove ? moves : []) moved += await wrong(movedBy(move, x, classifier.inputShape));
    const random = exampleRandom(seed, 'probe/small-changes');
    for (let draw = 0; draw < DRAWS; draw++) {
      const noise = random.uniform(examples, draw, size);
      const changed = x.map((value, i) => Math.min(1, Math.max(0, value + NOISE * (2 * (noise[i] as number) - 1))));
      noisy += await wrong(changed);
    }
    return {
      examples: count,
      movedWrong: moved / (moves.length * count),
      noisyWrong: noisy / (DRAWS * count),
    };
  },
};

/** @returns the images with every pixel taken from beside it, at the edge from itself */
function movedBy(
  [down, right]: readonly [number, number],
  x: Float32Array,
  [height, width, channels]: readonly [number, number, number],
): Float32Array {
  const result = new Float32Array(x.length);
  const inside = (at: number, side: number) => Math.min(side - 1, Math.max(0, at));
  for (let place = 0; place < x.length / channels; place++) {
    const column = place % width;
    const row = Math.floor(place / width) % height;
    const from = place - row * width - column + inside(row - down, height) * width + inside(column - right, width);
    result.set(x.subarray(from * channels, (from + 1) * channels), place * channels);
  }
  return result;
}
