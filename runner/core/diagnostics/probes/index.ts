import { ParapetError } from '../../errors.ts';
import { activeTest } from './active-test.ts';
import { batchComposition } from './batch-composition.ts';
import { callOrder } from './call-order.ts';
import { clock } from './clock.ts';
import { forwardGradients } from './forward-gradients.ts';
import { gradients } from './gradients.ts';
import { largerEpsilon } from './larger-epsilon.ts';
import { lossNoise } from './loss-noise.ts';
import { moreIterations } from './more-iterations.ts';
import { moreRestarts } from './more-restarts.ts';
import { optimisationPath } from './optimisation-path.ts';
import type { Probe } from './probe.ts';
import { repeats } from './repeats.ts';
import { smallChanges } from './small-changes.ts';
import { state } from './state.ts';
import { tape } from './tape.ts';
import { universal } from './universal.ts';

/** Whether a model is one and the same model wherever it is asked. */
export const behaviour: readonly Probe[] = [batchComposition, callOrder, state, clock, tape];

/** These run in every evaluation, whatever its suite lists. */
const always: readonly Probe[] = [repeats, ...behaviour, smallChanges];

/** Every probe that a suite may list. */
export const probes: readonly Probe[] = [
  ...always,
  forwardGradients,
  gradients,
  lossNoise,
  optimisationPath,
  moreIterations,
  moreRestarts,
  largerEpsilon,
  activeTest,
  universal,
];

/** @throws ParapetError 'usage' that lists the probes there are */
export function findProbe(id: string): Probe {
  const probe = probes.find((candidate) => candidate.id === id);
  if (probe === undefined) {
    const ids = probes.map((candidate) => candidate.id).join(', ');
    throw new ParapetError('usage', `probe: there is no '${id}'`, `the probes are ${ids}`);
  }
  return probe;
}

/** Ids of the probes that run for a suite: what it lists, and what every evaluation is asked. */
export function probesOf({ probes: listed = [] }: { readonly probes?: readonly string[] | undefined }): string[] {
  return [...new Set([...always.map(({ id }) => id), ...listed])];
}
