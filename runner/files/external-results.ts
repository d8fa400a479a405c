import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { externalKind, kindOf } from '#core/external-evaluation.ts';
import { type ExternalResult, externalResultSchema, parseExternalResult } from '#core/external-result.ts';
import { writeDurable } from './durable.ts';
import { fileError } from './file-error.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** Where the result of an external evaluation lies: apart from those of suites. */
export function externalResultPath(track: string, id: string, publish: boolean): string {
  return join(publish ? join(root, 'results') : 'out', 'external', track, `${id}.json`);
}

/** Writes the evidence, then the result that names it: whoever sees the result finds its evidence. */
export async function writeExternalResult(path: string, result: ExternalResult, evidence: Uint8Array): Promise<void> {
  const text = `${JSON.stringify(externalResultSchema.parse(result), null, 2)}\n`;
  await writeDurable(join(dirname(path), result.evidence.file), evidence);
  await writeDurable(path, text);
}

/** Whether a file says that it is the result of an external evaluation; one that is no JSON says nothing. */
export async function isExternalResult(path: string): Promise<boolean> {
  const bytes = await read(path);
  try {
    return kindOf(JSON.parse(bytes.toString())) === externalKind;
  } catch {
    return false;
  }
}

/**
 * @returns the result of an external evaluation, its digest checked
 * @throws ParapetError 'integrity' when it is none, or was altered; 'infrastructure' when it cannot be read
 */
export async function readExternalResult(path: string): Promise<ExternalResult> {
  return parseExternalResult(await read(path), path);
}

async function read(path: string): Promise<Buffer> {
  return readFile(path).catch((error) => {
    throw fileError('read', path, error);
  });
}
