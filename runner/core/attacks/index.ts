import { ParapetError } from '../errors.ts';
import { apgd } from './apgd.ts';
import { apgdT } from './apgd-t.ts';
import type { Attack } from './attack.ts';
import { bim } from './bim.ts';
import { blendedNoise } from './blended-noise.ts';
import { boundary } from './boundary.ts';
import { contrast } from './contrast.ts';
import { cwL0 } from './cw-l0.ts';
import { cwL2 } from './cw-l2.ts';
import { cwLinf } from './cw-linf.ts';
import { ddn } from './ddn.ts';
import { deepfool } from './deepfool.ts';
import { ead } from './ead.ts';
import { fab } from './fab.ts';
import { fabT } from './fab-t.ts';
import { fgsm } from './fgsm.ts';
import { fmn } from './fmn.ts';
import { geoda } from './geoda.ts';
import { hopSkipJump } from './hop-skip-jump.ts';
import { jsma } from './jsma.ts';
import { lbfgs } from './lbfgs.ts';
import { miFgsm } from './mi-fgsm.ts';
import { nes } from './nes.ts';
import { noise } from './noise.ts';
import { onePixel } from './one-pixel.ts';
import { pgd } from './pgd.ts';
import { rFgsm } from './r-fgsm.ts';
import { sigmaZero } from './sigma-zero.ts';
import { sparseRs } from './sparse-rs.ts';
import { spatial } from './spatial.ts';
import { spsa } from './spsa.ts';
import { square } from './square.ts';
import { transfer } from './transfer.ts';

/** Every attack: the command line, the lab, the docs and the contract test go by this list. */
export const attacks: readonly Attack[] = [
  fgsm,
  rFgsm,
  bim,
  miFgsm,
  pgd,
  apgd,
  apgdT,
  jsma,
  cwL2,
  cwLinf,
  cwL0,
  deepfool,
  fab,
  fabT,
  fmn,
  ddn,
  lbfgs,
  sigmaZero,
  ead,
  square,
  noise,
  sparseRs,
  onePixel,
  transfer,
  spatial,
  hopSkipJump,
  spsa,
  nes,
  boundary,
  contrast,
  blendedNoise,
  geoda,
];

/** Attacks of a person's own that this process was told of. */
const own = new Map<string, Attack>();

/** Makes an attack known by its id, in this process alone: one of a person's own, which is in no list. */
export function addOwnAttack(attack: Attack): void {
  own.set(attack.id, attack);
}

/** @throws ParapetError 'usage' that lists the attacks there are */
export function findAttack(id: string): Attack {
  const attack = attacks.find((candidate) => candidate.id === id) ?? own.get(id);
  if (attack === undefined) {
    const ids = attacks.map((candidate) => candidate.id).join(', ');
    throw new ParapetError('usage', `attack: there is no '${id}'`, `the attacks are ${ids}`);
  }
  return attack;
}
