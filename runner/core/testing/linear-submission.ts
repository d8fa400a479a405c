/** A submission whose net is linear in the pixels of MNIST, so that its distances are known. */
import type { Examples } from '../datasets/dataset.ts';
import { predictions } from '../metrics/judge.ts';
import { encodeSafetensors } from '../models/safetensors.ts';
import type { SentSubmission } from '../models/sent-model.ts';
import { exampleRandom } from '../random.ts';

export const SIZE = 784;
const CLASSES = 10;

/** Weights as the file has them, [class][pixel] and [class]. */
export interface LinearWeights {
  readonly weight: Float32Array;
  readonly bias: Float32Array;
}

/** Normal weights, balanced so that every class has score 0 on the grey image. */
export function randomWeights(seed: number): LinearWeights {
  const weight = exampleRandom(seed, 'linear').normal([0], 0, SIZE * CLASSES);
  const bias = new Float32Array(CLASSES);
  for (const [i, w] of weight.entries()) bias[Math.floor(i / SIZE)] = (bias[Math.floor(i / SIZE)] as number) - 0.5 * w;
  return { weight, bias };
}

export function linearSubmission({ weight, bias }: LinearWeights): SentSubmission {
  const weights = encodeSafetensors({
    'fc.weight': { shape: [CLASSES, SIZE], data: weight },
    'fc.bias': { shape: [CLASSES], data: bias },
  });
  return {
    submission: {
      form: { inputShape: [28, 28, 1], classes: CLASSES },
      models: [{ format: 'safetensors', architecture: 'softmax-regression-mnist', file: 'w', output: 'logits' }],
      defenses: [],
      files: { w: weights },
    },
  };
}

/** Scores of an image, [classes], in float64. */
export function linearScores({ weight, bias }: LinearWeights, x: ArrayLike<number>): Float64Array {
  return Float64Array.from(bias, (b, k) => {
    let sum = b;
    for (let i = 0; i < SIZE; i++) sum += (weight[k * SIZE + i] as number) * (x[i] as number);
    return sum;
  });
}

/** Images around the middle of the range, each drawn some way towards a class, with the class that the net gives it. */
export function rightImages(weights: LinearWeights, count: number): Examples {
  const rows = Array.from({ length: count }, (_, i) => i);
  const x = exampleRandom(3, 'images')
    .uniform(rows, 0, SIZE)
    .map((value, i) => {
      const towards = (Math.floor(i / SIZE) % CLASSES) * SIZE + (i % SIZE);
      return 0.45 + 0.1 * value + 0.1 * Math.sign(weights.weight[towards] as number);
    });
  const y = Int32Array.from(rows, (row) => {
    const scores = linearScores(weights, x.subarray(row * SIZE, (row + 1) * SIZE));
    return predictions(Float32Array.from(scores), CLASSES)[0] as number;
  });
  return { x, y, count };
}
