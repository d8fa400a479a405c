import { ParapetError } from '../errors.ts';
import { adversarial } from './adversarial.ts';
import { crownIbp } from './crown-ibp.ts';
import { distillation } from './distillation.ts';
import { fast } from './fast.ts';
import { fgsm } from './fgsm.ts';
import { free } from './free.ts';
import { ibp } from './ibp.ts';
import { jacobian } from './jacobian.ts';
import { labelSmoothing } from './label-smoothing.ts';
import { logitPairing } from './logit-pairing.ts';
import type { TrainingMethod } from './method.ts';
import { noise } from './noise.ts';
import { standard } from './standard.ts';
import { trades } from './trades.ts';

/** Every method that a recipe may name. */
export const trainingMethods: readonly TrainingMethod[] = [
  standard,
  distillation,
  adversarial,
  fgsm,
  fast,
  free,
  trades,
  logitPairing,
  noise,
  labelSmoothing,
  jacobian,
  ibp,
  crownIbp,
] as readonly TrainingMethod[];

/** @throws ParapetError 'submission' that lists the methods there are */
export function findTrainingMethod(id: string): TrainingMethod {
  const method = trainingMethods.find((candidate) => candidate.id === id);
  if (method === undefined) {
    const known = trainingMethods.map((m) => m.id).join(', ');
    throw new ParapetError('submission', `recipe.method: there is no '${id}'`, `the methods are ${known}`);
  }
  return method;
}
