import type { Classifier } from '../models/classifier.ts';
import { exampleRandom } from '../random.ts';

/**
 * Images with values spread evenly around the middle of the pixel range.
 * @param spread half the width of that range
 */
export function randomImages(count: number, inputShape: Classifier['inputShape'], seed: number, spread = 0.5) {
  const size = inputShape[0] * inputShape[1] * inputShape[2];
  const examples = Int32Array.from({ length: count }, (_, i) => i);
  const x = exampleRandom(seed, 'images')
    .uniform(examples, 0, size)
    .map((u) => 0.5 + spread * (2 * u - 1));
  return { x, examples, size };
}
