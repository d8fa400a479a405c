import { basename } from 'node:path';
import type { Result } from '#core/result.ts';
import { codeIdentity } from '../files/code.ts';
import { resultPath } from '../files/results.ts';
import { type OwnRequest, ownId, prepareOwn } from './prepare-own.ts';
import { runEvaluation } from './run.ts';
import { type SessionOptions, withSession } from './session.ts';

export interface OwnEvaluated {
  readonly path: string;
  readonly result: Result;
}

/**
 * Evaluates a model file of a person's own, in worker processes as submissions are.
 * @param out file of the result; below `out/` when absent
 * @throws ParapetError for whatever keeps it from a result; what was done is kept, and the same call goes on from there
 */
export async function evaluateOwn(
  request: OwnRequest,
  options: SessionOptions & { readonly out?: string | undefined },
): Promise<OwnEvaluated> {
  const code = await codeIdentity();
  const id = ownId(basename(request.model.path));
  const path = options.out ?? resultPath({ suite: request.suite.id, track: request.track.id, id }, false);
  const name = ownId(basename(path, '.json'));
  return withSession(options, async (session, backend) => {
    const prepared = await prepareOwn(request, { pool: session.pool, backend, code, name }, options.signal);
    for (const note of prepared.evaluation.model?.notes ?? []) session.note(`${id}: ${note}`);
    return { path, result: await runEvaluation(prepared, session, path, 0) };
  });
}
