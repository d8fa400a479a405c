import type { NamedCertificate } from '../certificates/certificate.ts';
import { findCertificate } from '../certificates/index.ts';
import { type Measured, measuredCount, measuredRow } from '../evidence/measured.ts';
import type { Proportion, Result } from '../result.ts';
import type { ThreatModel } from '../tracks.ts';
import { proportion } from './proportion.ts';

/** What was measured, and by which method. */
export interface Certified {
  readonly named: NamedCertificate;
  readonly numbers: Measured;
}

/** The numbers of a result that are counted from certificates: the runner's and the verifier's, by the same definitions. */
export interface CertifiedNumbers {
  readonly certifiedAccuracy: Proportion;
  readonly certificate: NonNullable<Result['certificate']>;
  /** Examples, by their place among the attacked, that are proven right and yet are wrong or were broken: a bug, or a forgery. */
  readonly contradictions: readonly number[];
}

/**
 * Counts what is certified. Where a method leaves a chance, an example that does not stand counts as not certified; where it is a proof, such
 * an example is a contradiction.
 * @param standing whether each attacked example is right, and broken by no attack within the ball
 */
export function countCertified(
  { named, numbers }: Certified,
  standing: readonly boolean[],
  track: ThreatModel,
): CertifiedNumbers {
  const method = findCertificate(named.method);
  const options = method.optionsSchema.parse(named.options);
  const examples = measuredCount(numbers);
  const holds = certifiedExamples({ named, numbers }, track);
  const fallen = holds.filter((i) => !standing[i]);
  const certified = holds.length - fallen.length;
  const contradicted = new Set(fallen);
  const radii = Array.from({ length: examples }, (_, i) =>
    contradicted.has(i) ? 0 : (method.radius?.(measuredRow(numbers, i), options) ?? 0),
  );
  const robust = standing.slice(0, examples).filter(Boolean).length;
  return {
    certifiedAccuracy: proportion(certified, examples),
    certificate: {
      ...named,
      examples,
      robustAccuracy: proportion(robust, examples),
      contradicted: fallen.length,
      meanRadius: method.radius && examples > 0 ? radii.reduce((sum, radius) => sum + radius, 0) / examples : null,
    },
    contradictions: method.holds === 'proof' ? fallen : [],
  };
}

/** Examples, by their place among the attacked, whose numbers prove that they are right in the whole ball. */
export function certifiedExamples({ named, numbers }: Certified, track: ThreatModel): number[] {
  const method = findCertificate(named.method);
  const options = method.optionsSchema.parse(named.options);
  const all = Array.from({ length: measuredCount(numbers) }, (_, i) => i);
  return all.filter((i) => method.certifies(measuredRow(numbers, i), options, track));
}
