import type { Flag } from '../result.ts';
import { activeTest } from './active-test.ts';
import { batchDependent } from './batch-dependent.ts';
import { blackBoxBeatsWhiteBox } from './black-box-beats-white-box.ts';
import { clockDependent } from './clock-dependent.ts';
import type { Diagnostic, Observations } from './diagnostic.ts';
import { floatUnderflow } from './float-underflow.ts';
import { gradientsInForwardPass } from './gradients-in-forward-pass.ts';
import { idleDraws } from './idle-draws.ts';
import { incompleteOptimisation } from './incomplete-optimisation.ts';
import { largerEpsilonWeaker } from './larger-epsilon-weaker.ts';
import { lowCleanAccuracy } from './low-clean-accuracy.ts';
import { memorisedImages } from './memorised-images.ts';
import { moreIterationsHelp } from './more-iterations-help.ts';
import { moreRestartsHelp } from './more-restarts-help.ts';
import { noiseBeatsGradient } from './noise-beats-gradient.ts';
import { nonFinite } from './non-finite.ts';
import { oneStepBeatsIterative } from './one-step.ts';
import { orderDependent } from './order-dependent.ts';
import { partial } from './partial.ts';
import { randomised } from './randomised.ts';
import { rejectedImages } from './rejected-images.ts';
import { silentSuccess } from './silent-success.ts';
import { softmaxOutput } from './softmax-output.ts';
import { squareLowers } from './square-lowers.ts';
import { stateful } from './stateful.ts';
import { tapeDependent } from './tape-dependent.ts';
import { transferBeatsWhiteBox } from './transfer-beats-white-box.ts';
import { transferFailure } from './transfer-failure.ts';
import { unavailableGradients } from './unavailable-gradients.ts';
import { unboundedAttackFails } from './unbounded-attack-fails.ts';
import { unconfirmed } from './unconfirmed.ts';
import { universalBeatsWhiteBox } from './universal-beats-white-box.ts';
import { unstableLoss } from './unstable-loss.ts';
import { zeroGradientAtStart } from './zero-gradient-at-start.ts';
import { zeroGradients } from './zero-gradients.ts';

/** Every warning sign that is looked for in every run; those read from probes need a suite that lists them. */
export const diagnostics: readonly Diagnostic[] = [
  lowCleanAccuracy,
  softmaxOutput,
  randomised,
  idleDraws,
  gradientsInForwardPass,
  batchDependent,
  orderDependent,
  stateful,
  clockDependent,
  tapeDependent,
  memorisedImages,
  nonFinite,
  zeroGradients,
  zeroGradientAtStart,
  unavailableGradients,
  floatUnderflow,
  unstableLoss,
  oneStepBeatsIterative,
  squareLowers,
  blackBoxBeatsWhiteBox,
  transferBeatsWhiteBox,
  universalBeatsWhiteBox,
  noiseBeatsGradient,
  transferFailure,
  silentSuccess,
  incompleteOptimisation,
  moreIterationsHelp,
  moreRestartsHelp,
  largerEpsilonWeaker,
  unboundedAttackFails,
  activeTest,
  unconfirmed,
  rejectedImages,
  partial,
];

export function diagnose(observations: Observations): Flag[] {
  return diagnostics.map((diagnostic) => diagnostic(observations)).filter((flag) => flag !== null);
}
