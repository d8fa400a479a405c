import { fgsm } from '../attacks/fgsm.ts';
import type { Examples } from '../datasets/dataset.ts';
import type { Classifier } from '../models/classifier.ts';
import { attackImages } from './attack-images.ts';
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
  { x, y }: Examples,
  epsilon: number,
  clip: boolean,
  pause: (fraction: number) => Promise<void>,
): Promise<Float32Array> {
  const margin = clip ? 0 : epsilon;
  const { xAdv } = await attackImages(
    {
      attack: fgsm,
      options: {},
      classifier: widened(classifier, margin),
      x: intoBox(x, margin),
      y,
      target: null,
      norm: 'Linf',
      epsilon: epsilon / (1 + 2 * margin),
      seed: 0,
      stream: 'fgsm',
    },
    CHUNK,
    pause,
  );
  return outOfBox(xAdv, margin);
}
