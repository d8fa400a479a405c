import { fileURLToPath } from 'node:url';
import { readExternalResult } from '../files/external-results.ts';
import type { WorkerBackend } from '../shards/messages.ts';
import { verifyExternalResult } from '../shards/verify-external.ts';
import { refuseFindings } from './findings.ts';
import { interruptible } from './interruptible.ts';
import { plain, printJson, startProgress, wholeNumber } from './output.ts';

interface Options {
  readonly submission?: string;
  readonly backend?: WorkerBackend;
  readonly processes?: string;
  readonly json: boolean;
}

/** `verify` of the result of an external evaluation. */
export async function verifyExternalCommand(path: string, options: Options): Promise<void> {
  const { evaluation } = await readExternalResult(path);
  const published = fileURLToPath(new URL(`../../submissions/${evaluation.id}`, import.meta.url));
  const progress = startProgress();
  const verified = await interruptible((signal) =>
    verifyExternalResult(path, {
      folder: options.submission ?? published,
      backend: options.backend,
      processes: options.processes === undefined ? undefined : wholeNumber('--processes', options.processes, 1),
      signal,
      onProgress: (share) => progress.update(`verifying ${evaluation.id}`, share),
    }),
  ).finally(() => progress.stop());
  const { findings, images, differing, backend, result } = verified;
  const isSound = findings.length === 0;
  if (options.json) {
    printJson({ result: path, digest: result.digest, verified: isSound, backend, images, differing, findings });
  } else if (isSound) {
    const flips = differing === 0 ? '' : ` (${differing} that were rejected are wrong here: their logits nearly tie)`;
    process.stdout.write(`${plain(path)}: every number stands; ${images} images${flips} classified on ${backend}\n`);
  }
  refuseFindings(path, findings);
}
