import type { NamedCertificate } from '#core/certificates/certificate.ts';
import { certificateFor } from '#core/certificates/index.ts';
import { ParapetError } from '#core/errors.ts';
import { withoutReferences } from '#core/models/sent-model.ts';
import { formOf } from '#core/models/submitted-files.ts';
import type { Result } from '#core/result.ts';
import { findSuite } from '#core/suites/index.ts';
import { resolveSuite } from '#core/suites/resolve.ts';
import { findTrack } from '#core/tracks.ts';
import { type Link, standOf } from '#core/verification/links.ts';
import { type Verification, verify } from '#core/verification/verify.ts';
import { loadDataset } from '../files/datasets.ts';
import { checkPublication } from '../files/publications.ts';
import { readEvidence, readResult } from '../files/results.ts';
import { readSubmission } from '../files/submissions.ts';
import type { WorkerBackend } from './messages.ts';
import { predictAll } from './predict-all.ts';
import { jobOf } from './prepare.ts';
import { withPool } from './session.ts';
import { attackedOf, readSurrogates } from './surrogates.ts';
import { type OwnParts, ownSubject } from './verify-own.ts';

export interface VerifyOptions {
  /** Folder of the submission. */
  readonly folder: string;
  /** Where the parts lie that a result of a model file rests on. */
  readonly own?: OwnParts;
  /** Backend to classify on; another than the result's when absent. */
  readonly backend?: WorkerBackend | undefined;
  readonly processes?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Told the share of the images that are classified. */
  readonly onProgress?: (share: number) => void;
}

export interface Verified extends Verification {
  readonly result: Result;
  /** Whether each link that the result hangs on holds; null for one that was not looked at. */
  readonly links: Readonly<Record<Link, boolean | null>>;
  /** Backend that looked at the images. */
  readonly backend: WorkerBackend;
}

/** A backend that shares no convolution with the one that made the result. */
export function independentOf(backend: Result['backend']['name']): WorkerBackend {
  return backend === 'wasm' ? 'cpu' : 'wasm';
}

/**
 * Checks a result file against its evidence, the submission and the data set.
 * @throws ParapetError 'integrity' when the file itself or its evidence was altered; 'usage' or 'submission' when the submission or a
 *   surrogate is not there to be compared with
 */
export async function verifyResult(path: string, options: VerifyOptions): Promise<Verified> {
  const result = await readResult(path);
  const evidence = await readEvidence(path, result);
  const backend = options.backend ?? independentOf(result.backend.name);
  const published = await checkPublication(path, result);
  return withPool({ ...options, backend }, async (pool) => {
    const { model } = result;
    const {
      job,
      subject,
      certificate: named,
    } = model === undefined
      ? await submissionSubject(result, options)
      : { ...(await ownSubject(path, { ...result, model }, options.own ?? {}, pool)), certificate: null };
    let asked = 0;
    let done = 0;
    const size = subject.examples.x.length / subject.examples.count;
    const classify = (x: Float32Array) => {
      asked += x.length / size;
      return predictAll(pool, job, x, (count) => {
        done += count;
        options.onProgress?.(done / asked);
      });
    };
    const { norm, epsilon } = subject.suite.track;
    const certificate = named && {
      named,
      async measure(examples: Int32Array) {
        const asked = {
          kind: 'certify',
          certificate: named,
          norm,
          epsilon,
          seed: result.seed,
          chunk: 0,
          examples,
        } as const;
        return (await pool.run(job, asked, [0, 0])).numbers;
      },
    };
    const verification = await verify({ ...subject, result, evidence, classify, ...(certificate && { certificate }) });
    const findings = [...verification.findings, ...(published ? [{ field: 'log', message: published }] : [])];
    const links = standOf(
      findings.map(({ field }) => field),
      { root: verification.root !== null && result.evidence.root !== undefined, log: published !== undefined },
    );
    return { ...verification, findings, links, result, backend };
  });
}

/** What a result of a submission must agree with, as it lies here. */
export async function submissionSubject(
  result: Result,
  { folder, signal }: VerifyOptions,
): Promise<Awaited<ReturnType<typeof ownSubject>> & { readonly certificate: NamedCertificate | null }> {
  const track = findTrack(result.track);
  const suite = resolveSuite(findSuite(result.suite.id), track);
  const { submission, digest, manifestDigest, weightsDigest, sent } = await readSubmission(folder);
  if (submission.id !== result.submission.id || sent === null) {
    throw new ParapetError('submission', `${folder}: wanted the weights of ${result.submission.id}`);
  }
  const surrogates = await readSurrogates(suite.lines, attackedOf(submission));
  const limit = suite.suite.examples.which === 'first' ? Math.max(1, result.examples) : undefined;
  const examples = await loadDataset(track.dataset, 'test', { limit, signal });
  const { classes } = formOf(submission);
  // The images are judged by the attacked model alone: the workers need none that an attack was crafted on.
  const job = jobOf(withoutReferences(sent), digest, [], { examples, classes });
  return {
    job,
    certificate: certificateFor(submission, track),
    subject: {
      suite,
      submissionDigest: digest,
      submissionParts: { manifestDigest, ...(weightsDigest && { weightsDigest }) },
      surrogates: Object.fromEntries(surrogates.map((surrogate) => [surrogate.id, surrogate.digest])),
      examples,
      classes,
    },
  };
}
