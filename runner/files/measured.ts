import { access, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Figure, ModelWanted } from '#core/claims/claim.ts';
import type { Result } from '#core/result.ts';
import type { Submission } from '#core/submission.ts';
import { findTrack } from '#core/tracks.ts';
import { isExternalFolder } from './external.ts';
import { readResult, resultPath } from './results.ts';
import { readSubmission } from './submissions.ts';

const folder = fileURLToPath(new URL('../../submissions/', import.meta.url));

/** Our result for a figure of a paper. */
export interface MeasuredFigure {
  readonly submission: string;
  readonly path: string;
  readonly result: Result;
}

/** Every defense of the repository. */
export async function readSubmissions(): Promise<Submission[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const paths = entries.filter((entry) => entry.isDirectory()).map((entry) => join(folder, entry.name));
  const isExternal = await Promise.all(paths.map(isExternalFolder));
  const read = paths.filter((_, i) => !isExternal[i]).map(readSubmission);
  return (await Promise.all(read)).map(({ submission }) => submission);
}

/** The result that a figure asks for: a published one first, else one in `out/`; null when there is neither. */
export async function findMeasured(figure: Figure, submissions: readonly Submission[]): Promise<MeasuredFigure | null> {
  const { dataset } = findTrack(figure.track);
  for (const submission of submissions) {
    if (submission.datasets[0] !== dataset || !isTrainedAs(submission, figure.model)) continue;
    for (const publish of [true, false]) {
      const path = resultPath({ suite: figure.suite, track: figure.track, id: submission.id }, publish);
      if (await exists(path)) return { submission: submission.id, path, result: await readResult(path) };
    }
  }
  return null;
}

function isTrainedAs({ recipe }: Submission, { method, options }: ModelWanted): boolean {
  if (recipe === undefined || recipe.method !== method) return false;
  return Object.entries(options).every(([name, value]) => recipe.options[name] === value);
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
