import type { Norm } from '../projections.ts';
import { tracks } from '../tracks.ts';
import type { SuiteAttack } from './suite.ts';

/** The same lines for every track of a norm. */
export function byNorm(lines: Partial<Record<Norm, readonly SuiteAttack[]>>): Record<string, readonly SuiteAttack[]> {
  return Object.fromEntries(tracks.flatMap(({ id, norm }) => (lines[norm] === undefined ? [] : [[id, lines[norm]]])));
}

/** A line that any wrong class satisfies, within the track's ball. */
export function untargeted(id: string, attack: string, options: SuiteAttack['options'] = {}): SuiteAttack {
  return { id, attack, options, targets: 'untargeted', ball: 'track' };
}

/** A line that must reach classes that it is told, within the track's ball. */
export function targeted(
  id: string,
  attack: string,
  targets: Exclude<SuiteAttack['targets'], 'untargeted'>,
  options: SuiteAttack['options'] = {},
): SuiteAttack {
  return { id, attack, options, targets, ball: 'track' };
}
