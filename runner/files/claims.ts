/** Outcomes of experiments on disk: `results/claims/<paper>/<experiment>.safetensors`, which says what it came from. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Outcomes } from '#core/claims/experiment.ts';
import { outcomesOf, type Provenance } from '#core/claims/outcomes-file.ts';
import { fileError } from './file-error.ts';

/** Where outcomes lie that are published, and where `claims run` puts others. */
export const publishedOutcomes: string = fileURLToPath(new URL('../../results/claims/', import.meta.url));
export const ownOutcomes: string = join('out', 'claims');

export function outcomesPath(folder: string, paper: string, experiment: string): string {
  return join(folder, paper, `${experiment}.safetensors`);
}

/**
 * The outcomes of an experiment: the published ones, else those in `out/`.
 * @returns null when there are none
 * @throws ParapetError 'integrity' when the file is not of this experiment, or damaged
 */
export async function findOutcomes(
  paper: string,
  experiment: string,
): Promise<{ outcomes: Outcomes; provenance: Provenance; path: string } | null> {
  for (const folder of [publishedOutcomes, ownOutcomes]) {
    const path = outcomesPath(folder, paper, experiment);
    const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return null;
      throw fileError('read', path, error);
    });
    if (bytes !== null) return { ...outcomesOf(bytes, paper, experiment), path };
  }
  return null;
}
