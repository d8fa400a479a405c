import { fgsm } from '../attacks/fgsm.ts';
import { runAttack } from '../attacks/run.ts';
import type { Examples } from '../datasets/dataset.ts';
import { imageSize } from '../fooling/fooling.ts';
import type { Classifier } from '../models/classifier.ts';
import { intoBox, outOfBox, widened } from './widened.ts';

/** Images attacked at a time. */
const CHUNK = 500;

/**
 * One step of the fast gradient sign method in L∞ on each image.
 * @param clip whether the images stay within [0, 1]; the paper's do not
 * @returns images of the same shape; those that are wrong without an attack are left as they are
 */
export async function oneStep(
  classifier: Classifier,
  { x, y, count }: Examples,
  epsilon: number,
  clip: boolean,
  pause: (fraction: number) => Promise<void>,
): Promise<Float32Array> {
  const margin = clip ? 0 : epsilon;
  const size = imageSize(classifier);
  const attacked = new Float32Array(x.length);
  for (let start = 0; start < count; start += CHUNK) {
    const rows = Math.min(CHUNK, count - start);
    const { xAdv } = await runAttack({
      attack: fgsm,
      options: {},
      classifier: widened(classifier, margin),
      x: intoBox(x.slice(start * size, (start + rows) * size), margin),
      y: y.slice(start, start + rows),
      target: null,
      examples: Int32Array.from({ length: rows }, (_, row) => start + row),
      norm: 'Linf',
      epsilon: epsilon / (1 + 2 * margin),
      seed: 0,
      stream: 'fgsm',
    });
    attacked.set(outOfBox(xAdv, margin), start * size);
    await pause((start + rows) / count);
  }
  return attacked;
}
