import { ParapetError } from '#core/errors.ts';
import { findSuite } from '#core/suites/index.ts';
import { findTrack } from '#core/tracks.ts';
import { evaluateOwn } from '../shards/evaluate-own.ts';
import type { OwnRequest } from '../shards/prepare-own.ts';
import { printJson, wholeNumber } from './output.ts';
import type { RequestOptions } from './requests.ts';
import { resultTable } from './result-table.ts';
import { type WorkerOptions, withWorkers } from './with-workers.ts';

export interface OwnOptions extends RequestOptions, WorkerOptions {
  readonly architecture?: string;
  readonly shard?: string;
  readonly json: boolean;
}

/** `evaluate` of a model file of a person's own. */
export async function evaluateOwnModel(paths: readonly string[], options: OwnOptions): Promise<void> {
  const request = ownRequestOf(paths, options);
  const { path, result } = await withWorkers(options, 1, (session) => evaluateOwn(request, session));
  if (options.json) printJson(result);
  else process.stdout.write(`${resultTable(result)}\n${path}\n`);
}

/**
 * What a command line asks for.
 * @throws ParapetError 'usage' for what does not exist or does not go together
 */
function ownRequestOf([path = '', ...others]: readonly string[], options: OwnOptions): OwnRequest {
  if (others.length > 0) {
    throw new ParapetError(
      'usage',
      `${path}, ${others.join(', ')}: a model file is evaluated by itself`,
      'name one model file, or folders of submissions',
    );
  }
  if (options.publish) {
    throw new ParapetError(
      'usage',
      '--publish: only submissions are published, and this is a model file',
      'make it a submission: npm run -s parapet -- new AuthorYearWord, and CONTRIBUTING.md',
    );
  }
  if (options.shard !== undefined) {
    throw new ParapetError('usage', '--shard: only evaluations of submissions are split', 'leave --shard away');
  }
  const [track, ...tracks] = (options.track ?? []).map(findTrack);
  if (track === undefined || tracks.length > 0) {
    throw new ParapetError(
      'usage',
      `--track: ${track === undefined ? 'none' : tracks.length + 1} came; wanted one, which says on what data and against what`,
      'such as --track mnist-linf-0.3; --help lists them',
    );
  }
  return {
    model: { path, architecture: options.architecture ?? null },
    track,
    suite: findSuite(options.suite),
    count: options.examples === undefined ? undefined : wholeNumber('--examples', options.examples, 1),
    seed: wholeNumber('--seed', options.seed),
  };
}
