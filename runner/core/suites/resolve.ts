import { findAttack } from '../attacks/index.ts';
import { parseOptions } from '../attacks/shared/options.ts';
import { findProbe } from '../diagnostics/probes/index.ts';
import { digestOf } from '../digest.ts';
import { ParapetError } from '../errors.ts';
import type { ThreatModel } from '../tracks.ts';
import type { Suite, SuiteAttack } from './suite.ts';

/** A suite as one track meets it, every option written out. */
export interface ResolvedSuite {
  readonly suite: Suite;
  /** SHA-256 of the whole suite's canonical JSON with every option written out. */
  readonly digest: string;
  readonly track: ThreatModel;
  readonly lines: readonly SuiteAttack[];
}

/**
 * @returns the line with defaults filled in, and checked against what its attack can do in the norm
 * @throws ParapetError 'usage' for an unknown attack, a wrong option or a norm that the attack does not know
 */
export function resolveLine(line: SuiteAttack, track: ThreatModel): SuiteAttack {
  const attack = findAttack(line.attack);
  const options = parseOptions(attack, line.options);
  const norm = line.norm ?? track.norm;
  if (!attack.norms.includes(norm)) {
    throw new ParapetError(
      'usage',
      `${line.id}: ${attack.id} does not know ${norm}, the norm of track ${track.id}`,
      `it knows ${attack.norms.join(', ')}`,
    );
  }
  const wantsTarget = line.targets !== 'untargeted';
  if ((attack.targeted === 'required' && !wantsTarget) || (attack.targeted === 'never' && wantsTarget)) {
    throw new ParapetError(
      'usage',
      `${line.id}: ${attack.id} is ${attack.targeted} targeted; targets: ${line.targets}`,
    );
  }
  const surrogates = line.surrogates?.length ?? 0;
  if (attack.access === 'transfer' && surrogates === 0) {
    throw new ParapetError(
      'usage',
      `${line.id}: ${attack.id} needs surrogates, none came`,
      'name submissions to craft on, such as --surrogate submissions/Undefended',
    );
  }
  if (attack.access !== 'transfer' && surrogates > 0) {
    throw new ParapetError('usage', `${line.id}: ${attack.id} does not transfer; ${surrogates} surrogates came`);
  }
  return { ...line, options: options as SuiteAttack['options'] };
}

/** @throws ParapetError 'usage' when the suite does not serve the track */
export function resolveSuite(suite: Suite, track: ThreatModel): ResolvedSuite {
  const lines = suite.attacks[track.id];
  if (lines === undefined) {
    throw new ParapetError(
      'usage',
      `suite ${suite.id} does not serve track ${track.id}`,
      `it serves ${Object.keys(suite.attacks).join(', ')}`,
    );
  }
  for (const id of suite.probes ?? []) findProbe(id);
  return { suite, digest: suiteDigest(suite), track, lines: lines.map((line) => resolveLine(line, track)) };
}

/** Ids of the lines that attack one draw of a model that draws, and not the mean over draws. */
export function linesOfOneDraw({ lines }: ResolvedSuite): string[] {
  return lines.filter(({ options }) => Number(options.eotSamples ?? 1) === 1).map(({ id }) => id);
}

/** Digest of a suite with every option written out: what a result names, and what a frozen suite may never change. */
export function suiteDigest(suite: Suite): string {
  const attacks = Object.fromEntries(
    Object.entries(suite.attacks).map(([track, lines]) => [
      track,
      lines.map((line) => ({ ...line, options: parseOptions(findAttack(line.attack), line.options) })),
    ]),
  );
  const { id, examples, cascade, chunk, evidence, headline, probes } = suite;
  return digestOf({ id, attacks, examples, cascade, chunk, evidence, headline, probes });
}
