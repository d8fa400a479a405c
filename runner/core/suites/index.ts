import { ParapetError } from '../errors.ts';
import { autoattackPlus, autoattackRand, autoattackRand100, autoattackStandard } from './autoattack.ts';
import { papernot2016, papernot2016Full } from './papernot2016.ts';
import { quick } from './quick.ts';
import type { Suite } from './suite.ts';
import { v1 } from './v1.ts';

/** Every suite, the default one first. */
export const suites: readonly Suite[] = [
  quick,
  v1,
  autoattackStandard,
  autoattackPlus,
  autoattackRand,
  autoattackRand100,
  papernot2016,
  papernot2016Full,
];

/** @throws ParapetError 'usage' that lists the suites there are */
export function findSuite(id: string): Suite {
  const suite = suites.find((candidate) => candidate.id === id);
  if (suite === undefined) {
    const ids = suites.map((candidate) => candidate.id).join(', ');
    throw new ParapetError('usage', `suite: there is no '${id}'`, `the suites are ${ids}`);
  }
  return suite;
}
