import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ParapetError } from '#core/errors.ts';
import { type Result, resultSchema } from '#core/result.ts';
import { parseResult } from '#core/result-text.ts';
import { writeDurable } from './durable.ts';
import { fileError } from './file-error.ts';
import { sha256Of } from './sha256.ts';

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
  const bytes = await readFile(path).catch((error) => {
    throw fileError('read', path, error);
  });
  return parseResult(bytes, path);
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
  const digest = sha256Of(bytes);
  if (digest !== evidence.digest) {
    throw new ParapetError(
      'integrity',
      `${file}: evidence.digest: ${evidence.digest} was promised; the file has ${digest}`,
    );
  }
  return bytes;
}
