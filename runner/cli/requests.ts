import { fileURLToPath } from 'node:url';
import { ParapetError } from '#core/errors.ts';
import type { Shard } from '#core/evaluation/phases.ts';
import { findSuite } from '#core/suites/index.ts';
import { findTrack, tracks } from '#core/tracks.ts';
import { readSubmission } from '../files/submissions.ts';
import type { Request } from '../shards/prepare.ts';
import { seedNumber, wholeNumber } from './output.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
/** What is evaluated when nothing is named. */
const defaultSubmissions = ['Undefended', 'Papernot2016Distillation', 'Madry2018AdversarialTraining'].map(
  (id) => `submissions/${id}`,
);

export interface RequestOptions {
  readonly track?: readonly string[];
  readonly suite: string;
  readonly examples?: string;
  readonly seed: string;
}

/**
 * What a command line asks for: every submission on every track named, or on all that its data set and the suite have.
 * @throws ParapetError 'usage' for what does not exist or does not go together
 */
export async function requestsOf(paths: readonly string[], options: RequestOptions): Promise<Request[]> {
  const suite = findSuite(options.suite);
  const named = options.track?.map(findTrack);
  const count = options.examples === undefined ? undefined : wholeNumber('--examples', options.examples, 1);
  const seed = seedNumber(options.seed);
  const folders = paths.length > 0 ? paths : defaultSubmissions.map((folder) => `${root}${folder}`);
  const requests: Request[] = [];
  for (const folder of folders) {
    const { submission } = await readSubmission(folder);
    const served = tracks.filter(({ id, dataset }) => dataset === submission.datasets[0] && id in suite.attacks);
    if (served.length === 0) {
      const list = Object.keys(suite.attacks).join(', ');
      throw new ParapetError(
        'usage',
        `suite ${suite.id} has no track of ${submission.datasets[0]}`,
        `it serves ${list}`,
      );
    }
    for (const track of named ?? served) requests.push({ folder, track, suite, count, seed });
  }
  return requests;
}

/** @param text such as 2/4: the second of four */
export function parseShard(text: string): Shard {
  const [, index, count] = /^(\d+)\/(\d+)$/.exec(text) ?? [];
  const shard = { index: Number(index) - 1, count: Number(count) };
  if (index === undefined || shard.index < 0 || shard.index >= shard.count) {
    throw new ParapetError('usage', `--shard: '${text}'; wanted such as 1/4: the first of four`);
  }
  return shard;
}
