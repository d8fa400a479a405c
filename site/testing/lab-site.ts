import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readDeclared } from '../content/read-submission.ts';
import { type Built, buildSite } from './build.ts';

export interface LabSite {
  readonly built: Built;
  /** Weights by submission. */
  readonly weights: Readonly<Record<string, Uint8Array>>;
}

/** The site with the committed models to attack, and without results. */
export async function buildLabSite(ids: readonly string[]): Promise<LabSite> {
  const declared = await Promise.all(ids.map((id) => readDeclared('submissions', id)));
  const submissions = declared.flatMap((one) => ('submission' in one ? [one.submission] : []));
  const files: Record<string, Uint8Array> = {};
  const weights: Record<string, Uint8Array> = {};
  for (const { id, model } of submissions) {
    const path = join('submissions', id, model?.file ?? '');
    weights[id] = await readFile(path);
    files[path] = weights[id];
  }
  return { built: await buildSite(submissions, [], { files }), weights };
}
