import { canonicalJson } from '../canonical.ts';
import type { CertifiedNumbers } from '../metrics/certified.ts';
import type { Numbers } from '../metrics/recount.ts';
import type { Result } from '../result.ts';
import type { ResolvedSuite } from '../suites/resolve.ts';

/** A field of a result that does not agree with what it rests on. */
export interface Finding {
  readonly field: string;
  readonly message: string;
}

/**
 * @param surrogates digests of the surrogates as they lie here, by id
 * @returns each field of the result that is another number than the recount gives, or names another line than the suite's
 */
export function compareNumbers(
  result: Result,
  numbers: Numbers & { readonly certificate: CertifiedNumbers | null },
  suite: ResolvedSuite,
  surrogates: Readonly<Record<string, string>>,
): Finding[] {
  const findings: Finding[] = [];
  const compare = (field: string, recorded: unknown, counted: unknown) => {
    if (canonicalJson(recorded) === canonicalJson(counted)) return;
    findings.push({ field, message: `${canonicalJson(recorded)}; recounted ${canonicalJson(counted)}` });
  };
  compare('cleanAccuracy', result.cleanAccuracy, numbers.cleanAccuracy);
  compare('robustAccuracy', result.robustAccuracy, numbers.robustAccuracy);
  compare('certifiedAccuracy', result.certifiedAccuracy, numbers.certificate?.certifiedAccuracy ?? null);
  compare('certificate', result.certificate ?? null, numbers.certificate?.certificate ?? null);
  compare('pairs', result.pairs, numbers.pairs);
  compare('curve', result.curve, numbers.curve);
  compare(
    'attacks',
    result.attacks.map(({ id }) => id),
    suite.lines.map(({ id }) => id),
  );
  numbers.lines.forEach((line, i) => {
    const { id, ...counted } = line;
    const recorded = result.attacks[i];
    const declared = suite.lines[i];
    if (recorded === undefined || declared === undefined) return;
    for (const [name, value] of Object.entries(counted)) {
      compare(`attacks.${id}.${name}`, recorded[name as keyof typeof counted], value);
    }
    compare(`attacks.${id}.attack`, recorded.attack, declared.attack);
    compare(`attacks.${id}.options`, recorded.options, declared.options);
    compare(`attacks.${id}.targets`, recorded.targets, declared.targets);
    const here = declared.surrogates?.map((name) => ({ id: name, digest: surrogates[name] ?? null }));
    compare(`attacks.${id}.surrogates`, recorded.surrogates ?? null, here ?? null);
    compare(`attacks.${id}.norm`, recorded.norm, declared.norm ?? suite.track.norm);
  });
  return findings;
}
