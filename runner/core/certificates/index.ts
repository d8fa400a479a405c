import { ParapetError } from '../errors.ts';
import type { Submission } from '../submission.ts';
import { type Mistake, optionMistakes, unknownId } from '../submission-mistakes.ts';
import { type ThreatModel, tracks } from '../tracks.ts';
import type { Certificate, NamedCertificate } from './certificate.ts';
import { crown } from './crown.ts';
import { ibp } from './ibp.ts';
import { linear } from './linear.ts';
import { smoothing } from './smoothing.ts';

/** Every method by which a submission may ask to be certified. */
export const certificates: readonly Certificate[] = [ibp, crown, linear, smoothing];

/** @throws ParapetError 'submission' that lists the methods there are */
export function findCertificate(id: string): Certificate {
  const found = certificates.find((one) => one.id === id);
  if (found !== undefined) return found;
  const known = certificates.map((one) => one.id).join(', ');
  throw new ParapetError('submission', `certificate.method: there is no '${id}'`, `the methods are ${known}`);
}

/** The certificate that a submission asks for, every option written out; null without one, or where the method proves nothing in the norm. */
export function certificateFor(
  { certificate }: Pick<Submission, 'certificate'>,
  { norm }: Pick<ThreatModel, 'norm'>,
): NamedCertificate | null {
  if (certificate === undefined) return null;
  const { norms, optionsSchema } = findCertificate(certificate.method);
  if (!norms.includes(norm)) return null;
  return {
    method: certificate.method,
    options: optionsSchema.parse(certificate.options) as NamedCertificate['options'],
  };
}

/** What is wrong with the certificate that a submission asks for: all mistakes in its options, or else the first that keeps it from being had. */
export function certificateMistakes(submission: Submission): Mistake[] {
  const { certificate, datasets } = submission;
  if (certificate === undefined) return [];
  const path = ['certificate', 'method'];
  const method = certificates.find(({ id }) => id === certificate.method);
  if (method === undefined) return [unknownId(path, certificate.method, certificates)];
  const mistakes = optionMistakes(method, certificate.options, ['certificate', 'options']);
  if (mistakes.length > 0) return mistakes;
  const balls = tracks.filter(({ dataset }) => dataset === datasets[0]);
  if (!balls.some(({ norm }) => method.norms.includes(norm))) {
    const there = balls.map(({ id }) => id).join(', ');
    return [
      { path, message: `${method.id} certifies ${method.norms.join(', ')}; the tracks of ${datasets[0]} are ${there}` },
    ];
  }
  const refused = method.refuses(submission, method.optionsSchema.parse(certificate.options));
  return refused === null ? [] : [refused];
}
