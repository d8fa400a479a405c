import { evaluateOwn } from '../shards/evaluate-own.ts';
import { printJson } from './output.ts';
import { type OwnRequestOptions, ownRequestOf } from './own-request.ts';
import { resultTable } from './result-table.ts';
import { type WorkerOptions, withWorkers } from './with-workers.ts';

/** `evaluate` of a model file of a person's own. */
export async function evaluateOwnModel(
  paths: readonly string[],
  options: OwnRequestOptions & WorkerOptions & { readonly json: boolean },
): Promise<void> {
  const request = ownRequestOf(paths, options);
  const { path, result } = await withWorkers(options, 1, (session) => evaluateOwn(request, session));
  if (options.json) printJson(result);
  else process.stdout.write(`${resultTable(result)}\n${path}\n`);
}
