import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readSubmission } from '../content/read-submission.ts';
import { type Built, buildSite } from './build.ts';

export interface LabSite {
  readonly built: Built;
  /** Weights by submission. */
  readonly weights: Readonly<Record<string, Uint8Array>>;
}

/** The site with the committed models to attack, and without results. */
export async function buildLabSite(ids: readonly string[]): Promise<LabSite> {
  const submissions = await Promise.all(ids.map((id) => readSubmission('submissions', id)));
  const files: Record<string, Uint8Array> = {};
  const weights: Record<string, Uint8Array> = {};
  for (const { id, model } of submissions) {
    const path = join('submissions', id, model?.file ?? '');
    weights[id] = await readFile(path);
    files[path] = weights[id];
  }
  return { built: await buildSite(submissions, [], { files }), weights };
}
