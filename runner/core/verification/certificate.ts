import { findCertificate } from '../certificates/index.ts';
import { certifiedCount } from '../evaluation/certify.ts';
import type { Evidence } from '../evidence/file.ts';
import { measuredCount, measuredRow } from '../evidence/measured.ts';
import { type Certified, type CertifiedNumbers, certifiedExamples, countCertified } from '../metrics/certified.ts';
import { standing } from '../metrics/outcomes.ts';
import type { Finding } from './numbers.ts';
import type { Subject } from './verify.ts';

/** What the evidence says of the certificate that a submission asks for, and what does not agree with it. */
export interface CheckedCertificate {
  /** null where the evidence has none, or one of another form. */
  readonly numbers: CertifiedNumbers | null;
  readonly findings: readonly Finding[];
}

/** Counts the certified examples again, looks for one that an attack broke, and measures a few anew. */
export async function checkCertificate(evidence: Evidence, subject: Subject): Promise<CheckedCertificate> {
  const { certificate, suite, examples } = subject;
  const { certificate: numbers } = evidence;
  const say = (message: string): Finding => ({ field: 'certificate', message });
  if (certificate === undefined) {
    return {
      numbers: null,
      findings: numbers === null ? [] : [say('the evidence has one; the submission asks for none')],
    };
  }
  const { named, measure } = certificate;
  const wanted = certifiedCount(named, evidence.examples.length);
  const { numbers: names } = findCertificate(named.method);
  if (numbers === null || measuredCount(numbers) !== wanted || numbers.width !== names.length) {
    return {
      numbers: null,
      findings: [say(`the evidence has not the ${names.join(', ')} of the first ${wanted} examples`)],
    };
  }
  const certified = { named, numbers };
  const counted = countCertified(certified, standing({ ...evidence, y: examples.y }), suite.track);
  const contradicted = counted.contradictions.map((i): Finding => {
    const message = `example ${evidence.examples[i]} is certified, and wrong or broken by an attack in the ball`;
    return { field: 'certifiedAccuracy', message };
  });
  return {
    numbers: counted,
    findings: [...contradicted, ...(await measureAgain(certified, evidence, measure, subject))],
  };
}

/** Has numbers of some certified examples measured by the other backend; which ones, whoever made the evidence could not choose. */
async function measureAgain(
  certified: Certified,
  { examples }: Evidence,
  measure: NonNullable<Subject['certificate']>['measure'],
  { result, suite }: Subject,
): Promise<Finding[]> {
  const { named, numbers } = certified;
  const method = findCertificate(named.method);
  const options = method.optionsSchema.parse(named.options);
  const places = spread(certifiedExamples(certified, suite.track), method.checked, result.evidence.digest);
  if (places.length === 0) return [];
  const positions = Int32Array.from(places, (i) => examples[i] as number);
  const again = { width: numbers.width, values: await measure(positions) };
  return places.flatMap((place, i) => {
    const [recorded, other] = [measuredRow(numbers, place), measuredRow(again, i)];
    if (method.agrees(recorded, other, options)) return [];
    const says = (row: Float64Array) => method.numbers.map((name, k) => `${name} ${row[k]}`).join(', ');
    return [
      { field: 'certificate', message: `example ${examples[place]}: ${says(recorded)}; measured again ${says(other)}` },
    ];
  });
}

/** So many of a list, evenly spread from a start that a digest decides. */
function spread(list: readonly number[], count: number, digest: string): number[] {
  if (list.length <= count) return [...list];
  const start = Number.parseInt(digest.slice(0, 8), 16) % list.length;
  return Array.from(
    { length: count },
    (_, i) => list[(start + Math.floor((i * list.length) / count)) % list.length] as number,
  );
}
