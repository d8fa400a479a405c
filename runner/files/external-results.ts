import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ParapetError } from '#core/errors.ts';
import { type ExternalResult, externalDigest, externalResultSchema } from '#core/external-result.ts';
import { writeDurable } from './durable.ts';
import { readJson } from './results.ts';

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

/**
 * @returns the result of an external evaluation, its digest checked
 * @throws ParapetError 'integrity' when it is none, or was altered; 'infrastructure' when it cannot be read
 */
export async function readExternalResult(path: string): Promise<ExternalResult> {
  const parsed = externalResultSchema.safeParse(await readJson(path));
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new ParapetError('integrity', `${path}: ${issue?.path.join('.') || 'result'}: ${issue?.message}`);
  }
  const digest = externalDigest(parsed.data);
  if (digest === parsed.data.digest) return parsed.data;
  throw new ParapetError(
    'integrity',
    `${path}: digest: ${parsed.data.digest} stands there; the contents give ${digest}`,
  );
}
