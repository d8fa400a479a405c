import { exampleRandom } from '../random.ts';

export interface Augmentation {
  /** Whether an image is mirrored left to right with probability one half. */
  readonly mirror: boolean;
  /** Most pixels by which an image is moved up or down, and left or right; what moves in is 0. */
  readonly shift: number;
}

/**
 * Images as an epoch sees them: mirrored and moved at random.
 *
 * @param images rows [n, height, width, channels]; they stay as they are
 * @param examples number of each row in the training set: the draws belong to the example and the epoch, not to the batch
 * @returns images of the same shape, or `images` itself where there is nothing to do
 */
export function augment(
  images: Float32Array,
  [height, width, channels]: readonly [number, number, number],
  examples: readonly number[],
  { mirror, shift }: Augmentation,
  key: { readonly seed: number; readonly stream: string; readonly epoch: number },
): Float32Array {
  if (!mirror && shift === 0) return images;
  const draws = exampleRandom(key.seed, `augmentation/${key.stream}`).uniform(examples, key.epoch, 3);
  const moved = new Float32Array(images.length);
  const line = width * channels;
  for (let row = 0; row < examples.length; row++) {
    const offset = (u: number) => Math.floor(u * (2 * shift + 1)) - shift;
    const mirrored = mirror && (draws[3 * row] as number) < 0.5;
    const down = offset(draws[3 * row + 1] as number);
    const right = offset(draws[3 * row + 2] as number);
    const image = images.subarray(row * height * line, (row + 1) * height * line);
    const target = moved.subarray(row * height * line, (row + 1) * height * line);
    for (let i = Math.max(0, down); i < Math.min(height, height + down); i++) {
      for (let j = Math.max(0, right); j < Math.min(width, width + right); j++) {
        const column = mirrored ? width - 1 - (j - right) : j - right;
        const from = (i - down) * line + column * channels;
        for (let c = 0; c < channels; c++) target[i * line + j * channels + c] = image[from + c] as number;
      }
    }
  }
  return moved;
}
