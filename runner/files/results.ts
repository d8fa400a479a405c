import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ParapetError } from '#core/errors.ts';
import { isExternalResult } from '#core/external-result.ts';
import { type Result, resultDigest, resultSchema } from '#core/result.ts';
import { writeDurable } from './durable.ts';
import { fileError } from './file-error.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** Name of the evidence file beside a result. */
export function evidenceFileName(id: string): string {
  return `${id}.examples.safetensors`;
}

/** Where a result lies: published ones in the repository, all others in the ignored folder `out/` where you are. */
export function resultPath(result: { suite: string; track: string; id: string }, publish: boolean): string {
  return join(publish ? join(root, 'results') : 'out', result.suite, result.track, `${result.id}.json`);
}

/** Where the result of a model of a person's own lies: apart from those of submissions, whose names it may bear. */
export function ownResultPath(suite: string, track: string, id: string): string {
  return join('out', 'own', suite, track, `${id}.json`);
}

/** Writes the evidence, then the result that names it: whoever sees the result finds its evidence. */
export async function writeResult(path: string, result: Result, evidence: Uint8Array): Promise<void> {
  const text = `${JSON.stringify(resultSchema.parse(result), null, 2)}\n`;
  await writeDurable(join(dirname(path), result.evidence.file), evidence);
  await writeDurable(path, text);
}

/**
 * @returns the result, its digest checked
 * @throws ParapetError 'integrity' when it is no result, or was altered; 'infrastructure' when it cannot be read
 */
export async function readResult(path: string): Promise<Result> {
  const value = await readJson(path);
  if (isExternalResult(value)) {
    throw new ParapetError('integrity', `${path}: is of an external evaluation; wanted the result of a defense`);
  }
  const parsed = resultSchema.safeParse(value);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new ParapetError('integrity', `${path}: ${issue?.path.join('.') || 'result'}: ${issue?.message}`);
  }
  const digest = resultDigest(parsed.data);
  if (digest !== parsed.data.digest) {
    throw new ParapetError(
      'integrity',
      `${path}: digest: ${parsed.data.digest} stands there; the contents give ${digest}`,
    );
  }
  return parsed.data;
}

/**
 * @returns what a result file holds, its schemaVersion one that this program reads
 * @throws ParapetError 'integrity' when it is not JSON or too new; 'infrastructure' when it cannot be read
 */
export async function readJson(path: string): Promise<unknown> {
  const text = await readFile(path, 'utf8').catch((error) => {
    throw fileError('read', path, error);
  });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new ParapetError('integrity', `${path}: not JSON: ${(error as Error).message}`);
  }
  const version = (value as { schemaVersion?: unknown } | null)?.schemaVersion;
  if (typeof version === 'number' && version > 1) {
    throw new ParapetError(
      'integrity',
      `${path}: schemaVersion ${version}; this program reads up to 1`,
      'use a newer Parapet',
    );
  }
  return value;
}

/**
 * @returns the bytes of a result's evidence file, their digest checked
 * @throws ParapetError 'integrity' when they were altered or the name leads elsewhere
 */
export async function readEvidence(
  path: string,
  { evidence }: { readonly evidence: Pick<Result['evidence'], 'file' | 'digest'> },
): Promise<Uint8Array> {
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(evidence.file)) {
    throw new ParapetError(
      'integrity',
      `${path}: evidence.file: '${evidence.file}' is not the name of a file beside it`,
    );
  }
  const file = join(dirname(path), evidence.file);
  const bytes = await readFile(file).catch((error) => {
    throw fileError('read', file, error);
  });
  const digest = createHash('sha256').update(bytes).digest('hex');
  if (digest !== evidence.digest) {
    throw new ParapetError(
      'integrity',
      `${file}: evidence.digest: ${evidence.digest} was promised; the file has ${digest}`,
    );
  }
  return bytes;
}
