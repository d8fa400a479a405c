import { certificateFor } from '#core/certificates/index.ts';
import { findProbe, probesOf } from '#core/diagnostics/probes/index.ts';
import { ParapetError } from '#core/errors.ts';
import type { Evaluation } from '#core/evaluate.ts';
import { certifyTasks, refuseImprecise } from '#core/evaluation/certify.ts';
import { attackChains, type Chain } from '#core/evaluation/phases.ts';
import { searchesBall } from '#core/evaluation/probes.ts';
import type { CertifyTask, ProbeTask } from '#core/evaluation/tasks.ts';
import type { SentModel } from '#core/models/sent-model.ts';
import { formOf } from '#core/models/submitted-files.ts';
import type { Result } from '#core/result.ts';
import { linesOfOneDraw, type ResolvedSuite, resolveSuite } from '#core/suites/resolve.ts';
import type { Suite } from '#core/suites/suite.ts';
import type { Track } from '#core/tracks.ts';
import { loadDataset } from '../files/datasets.ts';
import type { Identity } from '../files/journal.ts';
import { evidenceFileName } from '../files/results.ts';
import { readSubmission } from '../files/submissions.ts';
import { lineCost } from './cost.ts';
import type { Job } from './messages.ts';
import { attackedOf, readSurrogates, type SurrogateFile } from './surrogates.ts';

/** What a person asked to have evaluated. */
export interface Request {
  /** Folder of a submission. */
  readonly folder: string;
  readonly track: Track;
  readonly suite: Suite;
  /** So many examples at most; all of the suite's when absent. */
  readonly count?: number | undefined;
  readonly seed: number;
  /** Where the surrogates that the suite names lie, by id; this program's surrogates when absent. */
  readonly surrogateFolders?: Readonly<Record<string, string>>;
}

/** A request with everything opened that decides its numbers. */
export interface Prepared {
  readonly evaluation: Evaluation;
  readonly job: Job;
  readonly identity: Identity;
  /** Why the suite says little of the submission, in a sentence; absent where it is made for such. */
  readonly unfit?: string;
}

/**
 * Reads and checks the submission, the suite and the data, before anything is computed.
 * @throws ParapetError 'usage' or 'submission' for what does not go together; 'infrastructure' or 'integrity' for the data
 */
export async function prepare(
  { folder, track, suite, count = suite.examples.count, seed, surrogateFolders }: Request,
  backend: Result['backend'],
  code: Result['code'],
  signal?: AbortSignal,
): Promise<Prepared> {
  const { submission, digest, manifestDigest, weightsDigest, sent } = await readSubmission(folder);
  const [dataset] = submission.datasets;
  if (dataset !== track.dataset) {
    throw new ParapetError(
      'usage',
      `${submission.id} is a defense of ${dataset}; track ${track.id} is of ${track.dataset}`,
    );
  }
  if (sent === null) {
    throw new ParapetError(
      'submission',
      `${submission.id} has no weights`,
      `run: npm run -s parapet -- train ${folder}`,
    );
  }
  const resolved = resolveSuite(suite, track);
  const surrogates = await readSurrogates(resolved.lines, attackedOf(submission), surrogateFolders);
  const certificate = certificateFor(submission, track);
  // Here too, for shards: they attack first, and the certificates are computed when they are merged.
  if (certificate !== null) refuseImprecise({ certificate, backend });
  const limit = suite.examples.which === 'first' ? Math.min(count, suite.examples.count) : undefined;
  const examples = await loadDataset(track.dataset, 'test', { limit, signal });
  const evaluation: Evaluation = {
    submission: { id: submission.id, digest, manifestDigest, ...(weightsDigest && { weightsDigest }) },
    surrogates: Object.fromEntries(surrogates.map((surrogate) => [surrogate.id, surrogate.digest])),
    ...(certificate && { certificate }),
    suite: resolved,
    count,
    seed,
    dataset: { id: track.dataset, split: 'test', digest: examples.digest },
    examples,
    classes: formOf(submission).classes,
    backend,
    code,
    evidenceFile: evidenceFileName(submission.id),
  };
  return {
    evaluation,
    job: jobOf(sent, digest, surrogates, evaluation),
    identity: identityOf(evaluation),
    ...(submission.randomised && unfitForDraws(submission.id, resolved)),
  };
}

function unfitForDraws(id: string, suite: ResolvedSuite): Pick<Prepared, 'unfit'> {
  const lines = linesOfOneDraw(suite);
  if (lines.length === 0) return {};
  const unfit = `${id} draws at random, and lines of suite ${suite.suite.id} do not average over draws (${lines.join(', ')}): its number would flatter`;
  return { unfit };
}

/** @param digest of the submission that the model is of */
export function jobOf(
  model: SentModel,
  digest: string,
  surrogates: readonly SurrogateFile[],
  { examples, classes }: Pick<Evaluation, 'examples' | 'classes'>,
): Job {
  return {
    key: [digest, ...surrogates.map((surrogate) => surrogate.digest)].join(),
    models: { model, surrogates: Object.fromEntries(surrogates.map(({ id, sent }) => [id, sent])) },
    classes,
    examples,
  };
}

/** Everything that decides the numbers of an evaluation, by the names that a person knows it under. */
export function identityOf({ surrogates = {}, ...evaluation }: Evaluation): Identity {
  const { submission, suite, count, seed, dataset, backend, code } = evaluation;
  const identity = { submission, suite: suite.digest, track: suite.track.id, count, seed, dataset, backend, code };
  return Object.keys(surrogates).length === 0 ? identity : { ...identity, surrogates };
}

/** The attacks as they will probably be, for a forecast before the examples are known. */
export function expectedChains(evaluation: Evaluation): Chain[] {
  return attackChains(evaluation, expectedExamples(evaluation));
}

/** The same of the certificates. */
export function expectedCertificates(evaluation: Evaluation): CertifyTask[] {
  return certifyTasks(evaluation, expectedExamples(evaluation));
}

/** The same of the probes: as if every example stood, and the line that costs most proved the strongest. */
export function expectedProbes(evaluation: Evaluation): ProbeTask[] {
  const { suite, seed } = evaluation;
  const [line = null] = suite.lines.filter(searchesBall).sort((a, b) => lineCost(b) - lineCost(a));
  return probesOf(suite.suite).map((probe) => {
    const examples = expectedExamples(evaluation).slice(0, findProbe(probe).examples);
    const standing = new Uint8Array(examples.length).fill(1);
    return {
      kind: 'probe',
      probe,
      line,
      norm: suite.track.norm,
      epsilon: suite.track.epsilon,
      seed,
      examples,
      standing,
    };
  });
}

function expectedExamples({ count, suite, examples }: Evaluation): Int32Array {
  const length = Math.min(count, suite.suite.examples.count, examples.count);
  return Int32Array.from({ length }, (_, i) => i);
}
