import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { digestOf } from '#core/digest.ts';
import { encodeExternalEvidence } from '#core/external/evidence.ts';
import { type ExternalEvaluation, parseExternal } from '#core/external-evaluation.ts';
import { countVerdicts, type ExternalResult, externalDigest, type Verdict } from '#core/external-result.ts';
import { addToLog, logName } from '#core/publication-log.ts';
import type { Result } from '#core/result.ts';

export interface FixtureExternal {
  readonly id: string;
  /** The row that it is of. */
  readonly of: Result;
  /** Position in the test set, true class and verdict of each image. */
  readonly images: readonly (readonly [index: number, label: number, verdict: Verdict])[];
  /** What its manifest says besides. */
  readonly says?: Partial<Pick<ExternalEvaluation, 'name' | 'authors' | 'paper' | 'code' | 'description'>>;
}

/** An external evaluation that hangs together, with its result and evidence. */
export interface External {
  readonly evaluation: ExternalEvaluation;
  readonly result: ExternalResult;
  readonly evidence: Uint8Array;
}

const PIXELS = 28 * 28;

export function fixtureExternal({ id, of, images, says = {} }: FixtureExternal): External {
  const sha256 = '0'.repeat(64);
  const parsed = parseExternal({
    kind: 'external-evaluation',
    id,
    name: 'A longer attack',
    authors: ['Eve External', 'Mallory Measure'],
    licence: 'CC0-1.0',
    of: { submission: of.submission.id, track: of.track },
    examples: { file: 'examples.safetensors', sha256 },
    ...says,
  });
  if ('mistakes' in parsed) throw new Error(JSON.stringify(parsed.mistakes));
  const evaluation = parsed.data;
  const verdicts = images.map(([, , verdict]) => verdict);
  const evidence = encodeExternalEvidence({
    index: Int32Array.from(images, ([index]) => index),
    label: Int32Array.from(images, ([, label]) => label),
    verdicts,
    images: verdicts.flatMap((verdict, row) =>
      verdict === 'confirmed' ? [{ row, pixels: new Float32Array(PIXELS).fill(1) }] : [],
    ),
  });
  const result: ExternalResult = {
    schemaVersion: 1,
    kind: 'external-evaluation',
    digest: sha256,
    evaluation: { id, digest: digestOf({ manifest: evaluation, examples: sha256 }) },
    submission: { id: of.submission.id, digest: of.submission.digest },
    track: of.track,
    backend: of.backend,
    code: of.code,
    dataset: { id: 'mnist', split: 'test', digest: sha256 },
    ...countVerdicts(verdicts),
    evidence: {
      file: `${id}.examples.safetensors`,
      digest: createHash('sha256').update(evidence).digest('hex'),
      backend: 'cpu',
    },
    run: of.run,
  };
  return { evaluation, result: { ...result, digest: externalDigest(result) }, evidence };
}

/** Writes external evaluations and their results as they lie in the repository. */
export async function writeExternals(folder: string, externals: readonly External[]): Promise<void> {
  const logFile = join(folder, 'results', logName);
  for (const { evaluation, result, evidence } of externals) {
    const path = `external/${result.track}/${evaluation.id}.json`;
    const publication = { path, digest: result.digest, date: result.run.date };
    await writeFile(logFile, addToLog(await readFile(logFile, 'utf8'), publication, logName));
    const home = join(folder, 'submissions', evaluation.id);
    await mkdir(home, { recursive: true });
    await writeFile(join(home, 'submission.yaml'), stringify(evaluation));
    const place = join(folder, 'results', 'external', result.track);
    await mkdir(place, { recursive: true });
    await writeFile(join(place, `${evaluation.id}.json`), `${JSON.stringify(result, null, 2)}\n`);
    await writeFile(join(place, result.evidence.file), evidence);
  }
}
