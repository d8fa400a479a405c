import { ParapetError } from '#core/errors.ts';
import type { Result } from '#core/result.ts';
import { findSuite } from '#core/suites/index.ts';
import { findTrack } from '#core/tracks.ts';
import type { Subject } from '#core/verification/verify.ts';
import type { OwnDataSource } from '../files/own-data.ts';
import type { Job } from './messages.ts';
import type { Pool } from './pool.ts';
import { type OwnTarget, prepareOwn } from './prepare-own.ts';

/** Where the parts of an evaluation of a person's own lie now. */
export interface OwnParts {
  /** The model file. */
  readonly model?: string | undefined;
  readonly data?: OwnDataSource | undefined;
  /** File of an attack of their own. */
  readonly attack?: string | undefined;
}

/**
 * What a result of a model file must agree with, as it lies here.
 * @throws ParapetError 'usage' when a part is not named that the result rests on, and for what `prepareOwn` refuses
 */
export async function ownSubject(
  path: string,
  result: Result & { readonly model: NonNullable<Result['model']> },
  parts: OwnParts,
  pool: Pool,
): Promise<{ job: Job; subject: Omit<Subject, 'result' | 'evidence' | 'classify' | 'certificate'> }> {
  const { model, threat, seed, examples, suite, track, backend, code } = result;
  const need = (option: string, what: string): never => {
    throw new ParapetError('usage', `${path} is of ${what}; ${option} is missing`, `say where it lies: ${option} PATH`);
  };
  const own = result.attacks.find(({ file }) => file !== undefined);
  if (own !== undefined && parts.attack === undefined) need('--attack', `the attack ${own.file?.name}`);
  const on: OwnTarget =
    threat === undefined
      ? { track: findTrack(track) }
      : { data: parts.data ?? need('--data', `the data ${result.dataset.id}`), ...threat };
  const prepared = await prepareOwn(
    {
      model: {
        path: parts.model ?? need('--model', `the model file ${model.file}`),
        architecture: model.architecture ?? null,
      },
      on,
      suite: findSuite(suite.id),
      count: Math.max(1, examples),
      seed,
      attack: parts.attack,
    },
    { pool, backend, code, name: 'verified' },
  );
  const { evaluation, job } = prepared;
  // Images are judged without the attack that made them, whose file no sandbox shows.
  const { model: sent, surrogates } = job.models;
  return {
    job: { ...job, models: { model: sent, surrogates } },
    subject: {
      suite: evaluation.suite,
      submissionDigest: evaluation.submission.digest,
      surrogates: evaluation.surrogates ?? {},
      examples: { ...evaluation.examples, digest: evaluation.dataset.digest },
      classes: evaluation.classes,
    },
  };
}
