/** What an evidence file says of the certificate of its result, read without weights or data: as the site does before it shows a row. */
import { canonicalJson } from '../canonical.ts';
import { findCertificate } from '../certificates/index.ts';
import { type CertifiedNumbers, certifiedExamples, countCertified } from '../metrics/certified.ts';
import { outcome, reached } from '../metrics/outcomes.ts';
import { proportion } from '../metrics/proportion.ts';
import type { StoredTensor } from '../models/safetensors.ts';
import type { Proportion, Result } from '../result.ts';
import { threatOf } from '../tracks.ts';
import { measuredOf, measuredRow } from './measured.ts';
import { damagedEvidence, evidenceTensors } from './tensors.ts';

/**
 * What does not fit between a result, its certificate and its evidence: numbers that are not counted from it, an example that is certified and
 * yet broken in the ball, certified accuracy above robust accuracy.
 * @returns a sentence; null when all fits, or when there is no certificate on either side
 * @throws ParapetError 'integrity' when the evidence is damaged
 */
export function certificateMistake(result: Result, evidence: Uint8Array): string | null {
  const { certificate, certifiedAccuracy } = result;
  const tensors = evidenceTensors(evidence);
  const examples = examplesOf(tensors);
  const numbers = measuredOf(tensors, examples.length);
  if (certificate === undefined || certifiedAccuracy === null || numbers === null) {
    const none = certificate === undefined && certifiedAccuracy === null && numbers === null;
    return none
      ? null
      : 'certifiedAccuracy, certificate and the numbers in the evidence: one is there without the others';
  }
  const { method, options, robustAccuracy } = certificate;
  const unbroken = unbrokenExamples(tensors, examples.length);
  const counted = countCertified({ named: { method, options }, numbers }, unbroken, threatOf(result));
  const [first] = counted.contradictions;
  if (first !== undefined) return `example ${examples[first]} is certified, and an attack broke it in the ball`;
  const isProof = findCertificate(method).holds === 'proof';
  // By chance what was wrong at first is not counted either, and the file does not say which that is.
  const fits = isProof
    ? canonicalJson(counted.certifiedAccuracy) === canonicalJson(certifiedAccuracy)
    : certifiedAccuracy.value <= counted.certifiedAccuracy.value;
  if (!fits || certificate.examples !== counted.certificate.examples) {
    const { value } = counted.certifiedAccuracy;
    return `certifiedAccuracy is ${certifiedAccuracy.value} of ${certificate.examples}; its evidence has ${value} of ${counted.certificate.examples}`;
  }
  const upper = certificate.examples === result.examples ? result.robustAccuracy : robustAccuracy;
  if (canonicalJson(upper) !== canonicalJson(robustAccuracy)) {
    return `certificate.robustAccuracy is ${robustAccuracy.value}; that of the same examples is ${upper.value}`;
  }
  if (certifiedAccuracy.value <= upper.value) return null;
  return `certifiedAccuracy is ${certifiedAccuracy.value}, above the robust accuracy of the same examples, ${upper.value}`;
}

/** The lower bound of a row, with what it was had by and the upper bound of the same examples. */
export type CertifiedBound = Pick<CertifiedNumbers, 'certifiedAccuracy' | 'certificate'>;

/** @returns null for a result without a certificate */
export function certifiedBound({ certifiedAccuracy, certificate }: Result): CertifiedBound | null {
  return certifiedAccuracy === null || certificate === undefined ? null : { certifiedAccuracy, certificate };
}

/**
 * The bounds of a result without examples that were broken after it was published: these are not robust, and what a method that leaves a
 * chance had certified of them is contradicted. So the lower bound stays below the upper one.
 * @param broken positions in the data set of examples that stood until then
 * @returns null for a result without a certificate
 */
export function boundWithout(broken: ReadonlySet<number>, result: Result, evidence: Uint8Array): CertifiedBound | null {
  const bound = certifiedBound(result);
  const tensors = evidenceTensors(evidence);
  const positions = examplesOf(tensors);
  const numbers = measuredOf(tensors, positions.length);
  if (bound === null || numbers === null) return bound;
  const { certifiedAccuracy, certificate } = bound;
  const { examples, robustAccuracy, contradicted, meanRadius } = certificate;
  const method = findCertificate(certificate.method);
  const options = method.optionsSchema.parse(certificate.options);
  const isBroken = (i: number) => broken.has(positions[i] as number);
  const fallen = certifiedExamples({ named: certificate, numbers }, threatOf(result)).filter(isBroken);
  const less = (of: Proportion, by: number) => proportion(Math.round(of.value * examples) - by, examples);
  const radii = fallen.reduce((sum, i) => sum + (method.radius?.(measuredRow(numbers, i), options) ?? 0), 0);
  return {
    certifiedAccuracy: less(certifiedAccuracy, fallen.length),
    certificate: {
      ...certificate,
      robustAccuracy: less(robustAccuracy, Array.from({ length: examples }, (_, i) => i).filter(isBroken).length),
      contradicted: contradicted + fallen.length,
      meanRadius: meanRadius === null ? null : meanRadius - radii / examples,
    },
  };
}

/** Positions in the data set of the examples that are proven to be right everywhere in the ball; none where a method leaves a chance. */
export function provenExamples(result: Result, evidence: Uint8Array): ReadonlySet<number> {
  const { certificate } = result;
  if (certificate === undefined || findCertificate(certificate.method).holds !== 'proof') return new Set();
  const tensors = evidenceTensors(evidence);
  const examples = examplesOf(tensors);
  const numbers = measuredOf(tensors, examples.length);
  if (numbers === null) return new Set();
  const places = certifiedExamples({ named: certificate, numbers }, threatOf(result));
  return new Set(places.map((i) => examples[i] as number));
}

function examplesOf(tensors: ReadonlyMap<string, StoredTensor>): Int32Array {
  const data = tensors.get('examples')?.data;
  if (data instanceof Int32Array) return data;
  throw damagedEvidence("'examples' is missing or of another type");
}

/** Whether each example was broken by no line within the ball. */
function unbrokenExamples(tensors: ReadonlyMap<string, StoredTensor>, count: number): boolean[] {
  const lines = [...tensors]
    .filter(([name]) => /^line\..*\.code$/.test(name))
    .map(([, { data }]) => ({ code: data as Uint8Array, rowsPerExample: data.length / count }));
  return Array.from({ length: count }, (_, i) => !lines.some((line) => reached(line, i, outcome.broken)));
}
