import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import type { WorkerBackend } from '../shards/messages.ts';

interface Options {
  submission?: string;
  model?: string;
  data?: string;
  classes?: string;
  attack?: string;
  backend?: WorkerBackend;
  processes?: string;
  json: boolean;
}

export function register(program: Command): void {
  program
    .command('verify')
    .description('re-check every number of a result from its evidence and the weights, on another backend')
    .argument('<result>', 'a result, such as results/v1/mnist-linf-0.3/Undefended.json')
    .option(
      '--submission <folder>',
      'folder of the submission, of an external evaluation its own (default: submissions/<id>)',
    )
    .option('--model <file>', 'of a result of a model file: that file')
    .option('--data <path>', 'of a result on data of your own: that data')
    .option('--classes <file>', 'the names of the classes that --data was given with')
    .option('--attack <file>', 'the attack of your own that was run')
    .option('--backend <name>', 'cpu, wasm, native or cuda (default: cpu for a result of wasm, wasm for any other)')
    .option('--processes <n>', 'worker processes')
    .option('--json', 'print what was found as JSON', false)
    .addHelpText('after', '\nExit code 6: the result does not agree with its evidence, the weights or the data.')
    .action(run);
}

async function run(path: string, options: Options): Promise<void> {
  const { isExternalResult } = await import('#core/external-result.ts');
  const { readJson, readResult } = await import('../files/results.ts');
  const { verifyResult } = await import('../shards/verify-result.ts');
  const { plain, printJson, startProgress, wholeNumber } = await import('./output.ts');
  const { interruptible } = await import('./interruptible.ts');
  const { refuseFindings } = await import('./findings.ts');

  if (isExternalResult(await readJson(path))) {
    return (await import('./verify-external.ts')).verifyExternalCommand(path, options);
  }
  const { submission } = await readResult(path);
  const folder = options.submission ?? fileURLToPath(new URL(`../../submissions/${submission.id}`, import.meta.url));
  const { data, classes } = options;
  const progress = startProgress();
  const verified = await interruptible((signal) =>
    verifyResult(path, {
      folder,
      own: {
        model: options.model,
        data: data === undefined ? undefined : { path: data, ...(classes && { classes }) },
        attack: options.attack,
      },
      backend: options.backend,
      processes: options.processes === undefined ? undefined : wholeNumber('--processes', options.processes, 1),
      signal,
      onProgress: (share) => progress.update(`verifying ${submission.id}`, share),
    }),
  ).finally(() => progress.stop());
  const { findings, images, cleanImages, differing, backend, result } = verified;
  const isSound = findings.length === 0;
  if (options.json)
    printJson({
      result: path,
      digest: result.digest,
      verified: isSound,
      backend,
      images,
      cleanImages,
      differing,
      findings,
    });
  else if (isSound) {
    const flips = differing === 0 ? '' : ` (${differing} of them in another class here: their logits nearly tie)`;
    process.stdout.write(
      `${plain(path)}: every number stands; ${images} adversarial images and ${cleanImages} clean ones${flips} classified on ${backend}\n`,
    );
  }
  refuseFindings(path, findings);
}
