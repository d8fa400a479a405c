import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import type { WorkerBackend } from '../shards/messages.ts';
import type { VerifyOptions } from '../shards/verify-result.ts';

interface Options {
  submission?: string;
  model?: string;
  data?: string;
  classes?: string;
  attack?: string;
  backend?: WorkerBackend;
  processes?: string;
  example?: string;
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
    .option(
      '--example <n>',
      'only print the record of example n of the data set, and the proof that it is in the evidence',
    )
    .option('--json', 'print what was found as JSON', false)
    .addHelpText('after', '\nExit code 6: the result does not agree with its evidence, the weights or the data.')
    .action(run);
}

async function run(path: string, options: Options): Promise<void> {
  const { readResult } = await import('../files/results.ts');
  const { isExternalResult } = await import('../files/external-results.ts');
  const { wholeNumber } = await import('./output.ts');

  if (await isExternalResult(path)) {
    return (await import('./verify-external.ts')).verifyExternalCommand(path, options);
  }
  const { submission } = await readResult(path);
  const folder = options.submission ?? fileURLToPath(new URL(`../../submissions/${submission.id}`, import.meta.url));
  const { data, classes } = options;
  const parts: VerifyOptions = {
    folder,
    own: {
      model: options.model,
      data: data === undefined ? undefined : { path: data, ...(classes && { classes }) },
      attack: options.attack,
    },
    backend: options.backend,
    processes: options.processes === undefined ? undefined : wholeNumber('--processes', options.processes, 1),
  };
  if (options.example === undefined) return verifyAll(path, parts, options.json);
  return (await import('./verify-example.ts')).printExample(path, options.example, parts, options.json);
}

async function verifyAll(path: string, parts: VerifyOptions, json: boolean): Promise<void> {
  const { verifyResult } = await import('../shards/verify-result.ts');
  const { plain, printJson, startProgress } = await import('./output.ts');
  const { interruptible } = await import('./interruptible.ts');
  const { refuseFindings } = await import('./findings.ts');

  const progress = startProgress();
  const onProgress = (share: number) => progress.update(`verifying ${basename(path)}`, share);
  const verified = await interruptible((signal) => verifyResult(path, { ...parts, signal, onProgress })).finally(() =>
    progress.stop(),
  );
  const { findings, links, root, images, cleanImages, differing, backend, result } = verified;
  const isSound = findings.length === 0;
  if (json)
    printJson({
      result: path,
      digest: result.digest,
      verified: isSound,
      backend,
      links,
      root,
      images,
      cleanImages,
      differing,
      findings,
    });
  else if (isSound) {
    const flips = differing === 0 ? '' : ` (${differing} of them in another class here: their logits nearly tie)`;
    const held = Object.entries(links).filter(([, holds]) => holds);
    process.stdout.write(
      `${plain(path)}: every number stands; ${images} adversarial images and ${cleanImages} clean ones${flips} classified on ${backend}\n` +
        `links that hold: ${held.map(([link]) => link).join(', ')}\n`,
    );
  }
  if (!isSound) {
    const [first] = Object.entries(links).find(([, holds]) => holds === false) ?? [];
    refuseFindings(path, findings, `the first link that fails: ${first}`);
  }
}
