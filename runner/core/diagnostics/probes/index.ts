import { ParapetError } from '../../errors.ts';
import { activeTest } from './active-test.ts';
import { forwardGradients } from './forward-gradients.ts';
import { gradients } from './gradients.ts';
import { largerEpsilon } from './larger-epsilon.ts';
import { lossNoise } from './loss-noise.ts';
import { moreIterations } from './more-iterations.ts';
import { moreRestarts } from './more-restarts.ts';
import { optimisationPath } from './optimisation-path.ts';
import type { Probe } from './probe.ts';
import { repeats } from './repeats.ts';
import { universal } from './universal.ts';

/** Every probe that a suite may list. */
export const probes: readonly Probe[] = [
  repeats,
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
