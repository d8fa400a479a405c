import { ParapetError } from '#core/errors.ts';
import type { ExternalResult } from '#core/external-result.ts';
import { findTrack } from '#core/tracks.ts';
import { isExternalFolder, readExternal } from '../files/external.ts';
import { type LoweredRow, rowsLowered } from '../files/external-rows.ts';
import { evaluateExternal } from '../shards/evaluate-external.ts';
import { plain, printJson, table } from './output.ts';
import { percent } from './result-table.ts';
import { type WorkerOptions, withWorkers } from './with-workers.ts';

interface Options extends WorkerOptions {
  readonly json: boolean;
  readonly track?: readonly string[];
  readonly examples?: string;
  readonly shard?: string;
  readonly failUnder?: string;
}

/**
 * Whether the folders are of external evaluations.
 * @throws ParapetError 'usage' when some are and some are not; whatever is wrong with one
 */
export async function areExternal(paths: readonly string[]): Promise<boolean> {
  const kinds = await Promise.all(paths.map(isExternalFolder));
  const [first = false] = kinds;
  if (kinds.every((kind) => kind === first)) return first;
  throw new ParapetError(
    'usage',
    'some of these are defenses and some are external evaluations',
    'evaluate them in calls of their own',
  );
}

/** Verifies every image of external evaluations, and prints what came of it. */
export async function evaluateExternals(paths: readonly string[], options: Options): Promise<void> {
  for (const name of ['examples', 'shard', 'failUnder'] as const) {
    if (options[name] === undefined) continue;
    const flag = name === 'failUnder' ? 'fail-under' : name;
    throw new ParapetError('usage', `--${flag}: only for a defense; an external evaluation brings its own images`);
  }
  for (const path of options.track === undefined ? [] : paths) {
    const { track } = await readExternal(path);
    if (options.track?.includes(track.id)) continue;
    throw new ParapetError('usage', `--track: ${options.track?.join(', ')}; ${path} is of ${track.id}`, 'leave it out');
  }
  await withWorkers(options, paths.length, async (session) => {
    const evaluated = [];
    for (const path of paths) evaluated.push(await evaluateExternal(path, session));
    if (options.json) {
      return printJson(evaluated.length === 1 ? evaluated[0]?.result : evaluated.map(({ result }) => result));
    }
    for (const { path, result, confirmed } of evaluated) {
      process.stdout.write(`${externalTable(result, await rowsLowered(result, confirmed))}\n${path}\n\n`);
    }
  });
}

function externalTable(result: ExternalResult, rows: readonly LoweredRow[]): string {
  const { evaluation, submission, track, backend, evidence, attempted, valid, confirmed, rejected } = result;
  const why = Object.entries(rejected).filter(([, count]) => count > 0);
  const lines = [
    plain(
      `${evaluation.id} · ${submission.id} on ${findTrack(track).title} · ${backend.name}, confirmed on ${evidence.backend}`,
    ),
    table(
      ['images', ''],
      [
        ['handed in', `${attempted}`],
        ['within the ball', `${valid}`],
        ['confirmed', `${confirmed}`],
        ...why.map(([reason, count]) => [`rejected: ${reason}`, `${count}`]),
      ],
      [1],
    ),
  ];
  for (const { row, robustAccuracy, shares } of rows) {
    const [share] = shares;
    lines.push(
      `${row.suite.id}: robust accuracy ${percent(row.robustAccuracy)} → ${percent(robustAccuracy)}; ` +
        `${share?.broken} more broken, ${share?.counted} of its ${row.examples} examples confirmed`,
    );
  }
  if (rows.length === 0) lines.push('No published result is of this defense as it is, so there is no row to lower.');
  return lines.join('\n');
}
