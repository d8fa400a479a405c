import { ParapetError } from '../errors.ts';
import { carlini2017 } from './carlini2017.ts';
import type { Claim } from './claim.ts';
import type { Experiment } from './experiment.ts';
import { goodfellow2014gan } from './goodfellow2014gan.ts';
import { goodfellow2015 } from './goodfellow2015.ts';
import { madry2018 } from './madry2018.ts';
import { nguyen2015 } from './nguyen2015.ts';
import { papernot2016 } from './papernot2016.ts';
import { papernot2016transferability } from './papernot2016transferability.ts';
import { szegedy2014 } from './szegedy2014.ts';
import { xu2018 } from './xu2018.ts';
import { zhang2019 } from './zhang2019.ts';

/** Every paper whose figures are reproduced. */
export const claims: readonly Claim[] = [
  szegedy2014,
  goodfellow2014gan,
  goodfellow2015,
  nguyen2015,
  papernot2016,
  papernot2016transferability,
  carlini2017,
  madry2018,
  xu2018,
  zhang2019,
];

/** @throws ParapetError 'usage' that lists the claims there are */
export function findClaim(id: string): Claim {
  const claim = claims.find((candidate) => candidate.id === id);
  if (claim === undefined) {
    throw new ParapetError(
      'usage',
      `claims: there is no '${id}'`,
      `the claims are ${claims.map((c) => c.id).join(', ')}`,
    );
  }
  return claim;
}

/** @throws ParapetError 'usage' that lists the experiments that the claim has */
export function findExperiment(claim: Claim, id: string): Experiment {
  const experiment = claim.experiments.find((candidate) => candidate.id === id);
  if (experiment === undefined) {
    const known = claim.experiments.map((one) => one.id).join(', ');
    throw new ParapetError(
      'usage',
      `claims run: ${claim.id} has no experiment '${id}'`,
      known === '' ? 'it has none: suites of evaluate measure its figures' : `its experiments are ${known}`,
    );
  }
  return experiment;
}
