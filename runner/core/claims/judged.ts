/** What a net says of many images, in three bytes each: its class, and how sure it is. */
import { imageSize, probabilities } from '../fooling/fooling.ts';
import type { Classifier } from '../models/classifier.ts';
import type { Outcomes } from './experiment.ts';
import { values } from './outcomes-file.ts';

/** Class of an image of which the scores are tied or not finite. */
const NONE = 255;
/** A confidence is stored in so many parts of 1. */
const PARTS = 65_535;
const BATCH = 500;

export interface Judged {
  /** Class of the largest probability, [n]; 255 for none. */
  readonly predicted: Uint8Array;
  /** Probability of that class in parts of 65,535, [n]. */
  readonly confidence: Uint16Array;
}

type Pause = (fraction: number) => Promise<void>;

/** @param of probabilities of images by classes; those of the scores' softmax when absent */
export async function judge(
  classifier: Classifier,
  images: Float32Array,
  pause: Pause,
  of: typeof probabilities = probabilities,
): Promise<Judged> {
  const size = imageSize(classifier);
  const count = images.length / size;
  const predicted = new Uint8Array(count).fill(NONE);
  const confidence = new Uint16Array(count);
  for (let start = 0; start < count; start += BATCH) {
    const batch = await of(classifier, images.subarray(start * size, (start + BATCH) * size));
    for (let row = 0; row * classifier.classes < batch.length; row++) {
      const own = batch.subarray(row * classifier.classes, (row + 1) * classifier.classes);
      const best = Math.max(...own);
      if (!(best > 0)) continue;
      confidence[start + row] = Math.round(best * PARTS);
      if (own.indexOf(best) === own.lastIndexOf(best)) predicted[start + row] = own.indexOf(best);
    }
    await pause(Math.min(1, (start + BATCH) / count));
  }
  return { predicted, confidence };
}

/** Names a judgement among the outcomes of a step. */
export function stored(name: string, { predicted, confidence }: Judged): Outcomes {
  const shape = [predicted.length];
  return { [`${name}.predicted`]: { shape, data: predicted }, [`${name}.confidence`]: { shape, data: confidence } };
}

/** A judgement read back; confidences as fractions. */
export function judgedIn(outcomes: Outcomes, name: string): { predicted: ArrayLike<number>; confidence: Float64Array } {
  return {
    predicted: values(outcomes, `${name}.predicted`),
    confidence: Float64Array.from(values(outcomes, `${name}.confidence`), (part) => part / PARTS),
  };
}

/** Rows that a judgement has wrong. */
export function wrong(predicted: ArrayLike<number>, y: ArrayLike<number>): number[] {
  return Array.from({ length: y.length }, (_, row) => row).filter((row) => predicted[row] !== y[row]);
}
