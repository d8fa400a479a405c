import { ParapetError } from '../errors.ts';
import type { Claim } from './claim.ts';
import { papernot2016 } from './papernot2016.ts';

/** Every paper whose figures are reproduced. */
export const claims: readonly Claim[] = [papernot2016];

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
