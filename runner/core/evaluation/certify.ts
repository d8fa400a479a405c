import type { NamedCertificate } from '../certificates/certificate.ts';
import { findCertificate } from '../certificates/index.ts';
import { ParapetError } from '../errors.ts';
import type { Evaluation, Workers } from '../evaluate.ts';
import type { Certified, CertifiedNumbers } from '../metrics/certified.ts';
import type { CertifyTask } from './tasks.ts';

/**
 * A proof counts with float32's rounding, in the bounds and in the scores that they bound.
 * @throws ParapetError 'infrastructure' for a proof on a backend of lower precision
 */
export function refuseImprecise({ certificate, backend }: Pick<Evaluation, 'certificate' | 'backend'>): void {
  if (certificate === undefined || findCertificate(certificate.method).holds !== 'proof') return;
  if (backend.precision === 'float32') return;
  throw new ParapetError(
    'infrastructure',
    `certificate: ${certificate.method} proves nothing in ${backend.precision}, the precision measured of backend ${backend.name}; wanted float32`,
    'evaluate with --backend native or --backend wasm',
  );
}

/**
 * Every task of an evaluation's certificate; none without one.
 * @param chosen positions of the attacked examples in the data set
 */
export function certifyTasks(
  { certificate, suite: { track }, seed }: Pick<Evaluation, 'certificate' | 'suite' | 'seed'>,
  chosen: Int32Array,
): CertifyTask[] {
  if (certificate === undefined) return [];
  const { chunk: step } = findCertificate(certificate.method);
  const count = certifiedCount(certificate, chosen.length);
  return Array.from({ length: Math.ceil(count / step) }, (_, chunk) => ({
    kind: 'certify',
    certificate,
    norm: track.norm,
    epsilon: track.epsilon,
    seed,
    chunk,
    examples: chosen.slice(chunk * step, Math.min((chunk + 1) * step, count)),
  }));
}

/** On how many of the attacked examples a certificate is computed. */
export function certifiedCount({ options }: NamedCertificate, attacked: number): number {
  return Math.min(attacked, Number(options['examples'] ?? attacked));
}

/** Measures the certificates of an evaluation. @returns null without one */
export async function certifyAll(
  evaluation: Evaluation,
  workers: Pick<Workers, 'run'>,
  chosen: Int32Array,
): Promise<Certified | null> {
  const { certificate: named } = evaluation;
  if (named === undefined) return null;
  const parts = await Promise.all(certifyTasks(evaluation, chosen).map((task) => workers.run(task)));
  const values = Float64Array.from(parts.flatMap(({ numbers }) => [...numbers]));
  return { named, numbers: { width: findCertificate(named.method).numbers.length, values } };
}

/** @throws ParapetError 'infrastructure' that names the first example that is proven right and is not */
export function refuseContradictions({ certificate, contradictions }: CertifiedNumbers, chosen: Int32Array): void {
  const [first] = contradictions;
  if (first === undefined) return;
  throw new ParapetError(
    'infrastructure',
    `example ${chosen[first]} is certified by ${certificate.method} and yet wrong in the ball, as are ${contradictions.length} in all: a bug of the certificate or of an attack`,
    'nothing is published; report it with the command that you ran',
  );
}
