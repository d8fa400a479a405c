import * as tf from '@tensorflow/tfjs';
import type { AttackContext } from '../attack.ts';
import { type ScoreLoss, scoreLoss } from './score-loss.ts';

/** Most images in one forward pass. */
const LARGEST_BATCH = 512;

/**
 * Scores of several images that are all tried for one row. Batches hold images of that row alone, so what else is attacked never
 * changes a bit of them.
 * @param images [any number × size]
 * @param row which row of the batch they are meant for
 * @returns the loss of each, and 1 for each that is a success
 */
export async function scoreCandidates(
  { model, x, y, target, adversarial, pause }: AttackContext,
  kind: ScoreLoss,
  row: number,
  images: Float32Array,
): Promise<{ losses: Float64Array; done: Uint8Array }> {
  const [total, ...shape] = x.shape;
  const size = x.size / total;
  const count = images.length / size;
  const scores = new Float32Array(count * model.classes);
  for (let start = 0; start < count; start += LARGEST_BATCH) {
    const end = Math.min(count, start + LARGEST_BATCH);
    const batch = tf.tensor4d(images.subarray(start * size, end * size), [end - start, ...shape]);
    const logits = model.logits(batch);
    scores.set(await logits.data<'float32'>(), start * model.classes);
    tf.dispose([batch, logits]);
    await pause();
  }
  const each = (values: Int32Array) => new Int32Array(count).fill(values[row] as number);
  return {
    losses: scoreLoss(kind, scores, model.classes, each(y), target && each(target)),
    done: adversarial(scores, new Int32Array(count).fill(row)),
  };
}
