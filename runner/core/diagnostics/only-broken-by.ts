import { findAttack } from '../attacks/index.ts';
import { outcome, reached } from '../metrics/outcomes.ts';
import type { SuiteAttack } from '../suites/suite.ts';
import type { Observations } from './diagnostic.ts';

type Lines = (line: SuiteAttack) => boolean;

/**
 * Share of the examples that some lines broke within the track's ball and some other lines did not.
 *
 * It is of all examples that both kinds meet: the first so many where a line keeps to those. In a cascade what an earlier line broke
 * counts as met by the later ones, and a line that never met an example did not fail at it.
 * @param ours lines that broke the examples
 * @param theirs lines that met them and did not
 * @returns null when the suite lacks either kind, or there is no example
 */
export function onlyBrokenBy(
  { suite, outcomes, right }: Pick<Observations, 'suite' | 'outcomes' | 'right'>,
  ours: Lines,
  theirs: Lines,
): number | null {
  const kinds = suite.lines.map((line) => (ours(line) ? 'ours' : theirs(line) ? 'theirs' : 'other'));
  const limit = (kind: string) =>
    Math.max(0, ...suite.lines.map(({ examples = right.length }, i) => (kinds[i] === kind ? examples : 0)));
  const shared = Math.min(limit('ours'), limit('theirs'), right.length);
  if (shared === 0) return null;
  let only = 0;
  for (let i = 0; i < shared; i++) {
    let broken = false;
    let failed = false;
    let held = true;
    for (const [k, line] of outcomes.entries()) {
      if (i >= (line.line.examples ?? right.length)) continue;
      const breaks = reached(line, i, outcome.broken);
      if (kinds[k] === 'theirs') {
        failed = true;
        if (breaks) held = false;
      } else if (kinds[k] === 'ours' && breaks) broken = true;
      if (suite.suite.cascade && breaks) break;
    }
    if (right[i] && broken && failed && held) only++;
  }
  return only / shared;
}

/** Lines whose attack is granted this much of the model. */
export function withAccess(...granted: readonly string[]): Lines {
  return ({ attack }) => granted.includes(findAttack(attack).access) && !isNoise({ attack });
}

/** Lines that draw points of the ball and look. */
export function isNoise({ attack }: Pick<SuiteAttack, 'attack'>): boolean {
  return attack === 'noise' || findAttack(attack).access === 'none';
}
