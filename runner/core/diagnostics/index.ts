import type { Flag } from '../result.ts';
import type { Diagnostic, Observations } from './diagnostic.ts';
import { lowCleanAccuracy } from './low-clean-accuracy.ts';
import { nonFinite } from './non-finite.ts';
import { oneStepBeatsIterative } from './one-step.ts';
import { partial } from './partial.ts';
import { rejectedImages } from './rejected-images.ts';
import { softmaxOutput } from './softmax-output.ts';
import { unconfirmed } from './unconfirmed.ts';
import { zeroGradients } from './zero-gradients.ts';

/** Every warning sign that is looked for in every run. */
export const diagnostics: readonly Diagnostic[] = [
  lowCleanAccuracy,
  softmaxOutput,
  nonFinite,
  zeroGradients,
  oneStepBeatsIterative,
  unconfirmed,
  rejectedImages,
  partial,
];

export function diagnose(observations: Observations): Flag[] {
  return diagnostics.map((diagnostic) => diagnostic(observations)).filter((flag) => flag !== null);
}
