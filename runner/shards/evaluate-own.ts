import { basename } from 'node:path';
import { ParapetError } from '#core/errors.ts';
import type { Result } from '#core/result.ts';
import { codeIdentity } from '../files/code.ts';
import type { OwnImages } from '../files/own-output.ts';
import { ownResultPath } from '../files/results.ts';
import { type Expected, expectedOf, fitting, measurePace } from './own-forecast.ts';
import { adversarialPairs } from './own-images.ts';
import { identityOf } from './prepare.ts';
import { type OwnRequest, ownId, type PreparedOwn, prepareOwn } from './prepare-own.ts';
import { runEvaluation, type Session } from './run.ts';
import { type SessionOptions, withSession } from './session.ts';

export interface OwnEvaluated {
  readonly path: string;
  readonly result: Result;
  /** Images before and after, where they were asked for. */
  readonly images: OwnImages | null;
}

export interface OwnSessionOptions extends SessionOptions {
  /** File of the result; below `out/` when absent. */
  readonly out?: string | undefined;
  /** Take only as many examples as fit into so many seconds. */
  readonly budget?: number | undefined;
  /** Whether the images are wanted that show what was broken. */
  readonly wantsImages?: boolean;
}

/**
 * Evaluates a model file of a person's own, in worker processes as submissions are.
 * @throws ParapetError for whatever keeps it from a result; what was done is kept, and the same call goes on from there
 */
export async function evaluateOwn(request: OwnRequest, options: OwnSessionOptions): Promise<OwnEvaluated> {
  const started = performance.now();
  return withOwn(request, options, async (prepared, session) => {
    const left = (options.budget ?? 0) - (performance.now() - started) / 1000;
    const chosen = options.budget === undefined ? prepared : await withinBudget(prepared, session, left);
    const { track, suite } = prepared.evaluation.suite;
    const id = prepared.evaluation.submission.id;
    const path = options.out ?? ownResultPath(suite.id, track.id, id);
    const result = await runEvaluation(chosen, session, path, 0);
    if (!options.wantsImages) return { path, result, images: null };
    const pairs = await adversarialPairs(chosen, result, path, session.pool);
    return { path, result, images: { shape: prepared.inputShape, pairs } };
  });
}

/** What an evaluation would take, without running it. @throws ParapetError as `evaluateOwn` does */
export async function forecastOwn(request: OwnRequest, options: OwnSessionOptions): Promise<Expected> {
  return withOwn(request, options, async (prepared, session) => {
    const most = mostExamples(prepared);
    const pace = await measurePace(prepared, session);
    const { budget = Number.POSITIVE_INFINITY } = options;
    return expectedOf(prepared.evaluation, fittingOrRefuse(prepared, most, pace, budget), pace);
  });
}

async function withOwn<T>(
  request: OwnRequest,
  options: OwnSessionOptions,
  body: (prepared: PreparedOwn, session: Session) => Promise<T>,
): Promise<T> {
  const code = await codeIdentity();
  const id = ownId(basename(request.model.path));
  const name = options.out === undefined ? id : ownId(basename(options.out, '.json'));
  // An attack of one's own is one's own code, of which a sandbox would hide the file.
  const sandbox = request.attack === undefined;
  return withSession({ ...options, sandbox }, async (session, backend) => {
    const prepared = await prepareOwn(request, { pool: session.pool, backend, code, name }, options.signal);
    for (const note of prepared.notes) session.note(`${id}: ${note}`);
    return body(prepared, session);
  });
}

function mostExamples({ evaluation: { count, suite, examples } }: PreparedOwn): number {
  return Math.min(count, suite.suite.examples.count, examples.count);
}

async function withinBudget(prepared: PreparedOwn, session: Session, budget: number): Promise<PreparedOwn> {
  const most = mostExamples(prepared);
  const count = fittingOrRefuse(prepared, most, await measurePace(prepared, session), budget);
  session.note(
    count === most
      ? `all ${most} images fit into the budget`
      : `${count} of ${most} images fit into the budget, should every attack need all its steps`,
  );
  const evaluation = { ...prepared.evaluation, count };
  return { ...prepared, evaluation, identity: identityOf(evaluation) };
}

function fittingOrRefuse(
  { evaluation }: PreparedOwn,
  most: number,
  pace: Parameters<typeof fitting>[2],
  budget: number,
): number {
  const count = fitting(evaluation, most, pace, budget);
  if (count > 0) return count;
  const { seconds } = expectedOf(evaluation, 1, pace);
  throw new ParapetError(
    'usage',
    `--budget: ${Math.max(0, Math.floor(budget))} seconds are left for attacks; one image may take ${Math.ceil(seconds)}`,
    'allow more time, or choose a smaller suite or a faster backend',
  );
}
