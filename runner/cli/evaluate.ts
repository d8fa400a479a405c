import type { Command } from 'commander';
import type { BackendChoice } from '../backends/index.ts';
import type { OwnOptions } from './own-request.ts';
import type { RequestOptions } from './requests.ts';

interface Options extends RequestOptions, OwnOptions {
  backend: BackendChoice;
  processes?: string;
  shard?: string;
  out?: string;
  publish: boolean;
  json: boolean;
  failUnder?: string;
}

/** What decides the evaluation of a model file, and has no place in that of a submission. */
const ownOptions = [
  'architecture',
  'data',
  'norm',
  'epsilon',
  'classes',
  'dryRun',
  'budget',
  'baseline',
  'report',
  'adversarial',
  'attack',
] as const;

const flagOf = (name: string) => `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

const repeatable = (value: string, before: readonly string[] = []) => [...before, value];

export function register(program: Command): void {
  program
    .command('evaluate')
    .description('attack defenses with a suite, and write results with their evidence')
    .argument(
      '[path...]',
      'folders of submissions (default: Undefended, Papernot2016Distillation and Madry2018AdversarialTraining) ' +
        'or of external evaluations, ' +
        'or one model file of your own: .onnx, .safetensors with --architecture, or model.json of TensorFlow.js',
    )
    .option('--track <id>', 'a track; may be repeated (default: all of the data set that the suite serves)', repeatable)
    .option(
      '--suite <id>',
      'quick, v1, autoattack-standard, -plus, -rand or -rand-100, papernot2016 or papernot2016-full',
      'quick',
    )
    .option('--examples <n>', "at most so many of the suite's examples")
    .option('--seed <n>', 'decides every random draw', '0')
    .option('--backend <name>', 'auto, wasm, native or cuda', 'auto')
    .option('--processes <n>', 'worker processes (default: one per core on wasm, one otherwise)')
    .option('--shard <i/n>', 'run the i-th of n parts of the attacks only; see shard merge')
    .option('--out <file>', 'file of the result (default: out/<suite>/<track>/<id>.json)')
    .option('--fail-under <share>', 'exit with 1 when robust accuracy is below, such as 0.4')
    .option('--publish', 'write under results/ instead of out/', false)
    .option('--json', 'print the results as JSON: one object for one result, else an array', false)
    .optionsGroup('For a model file of your own (docs/own-model.md):')
    .option('--architecture <id>', 'of a .safetensors file: what it is weights of')
    .option(
      '--data <path>',
      'images of your own for a model file: a folder with a folder of pictures for each class, or .npz or .safetensors with x and y',
    )
    .option('--norm <norm>', 'of --data: linf, l2, l1 or l0')
    .option('--epsilon <radius>', 'of --data: how far an image may be changed, such as 8/255; pixels are from 0 to 1')
    .option('--classes <file>', 'of --data: the name of each class on a line, in the order of the scores')
    .option('--dry-run', 'say what it would take, and do nothing')
    .option('--budget <time>', 'only as many images as fit into it, such as 10m')
    .option('--baseline <result>', 'exit with 1 when it is worse than in this result, by a paired test')
    .option('--report <file>', 'a page with the numbers, warning signs and images, such as report.html')
    .option('--adversarial <file>', 'the adversarial images as .npz or .safetensors')
    .option('--attack <file>', 'an attack of your own beside those of the suite, such as ./mine.ts')
    .addHelpText(
      'after',
      '\nWhere submission.yaml asks for a certificate, a lower bound is computed beside the attacks (docs/certificates.md).\n' +
        'A run that was interrupted or killed goes on where it was when the same command is given again.\n' +
        'Examples:\n' +
        '  npm run -s parapet -- evaluate submissions/Undefended --track mnist-linf-0.3 --suite v1\n' +
        '  npm run -s parapet -- evaluate model.onnx --data photos/ --norm linf --epsilon 8/255 --report report.html',
    )
    .action(run);
}

async function run(paths: string[], options: Options): Promise<void> {
  const { ParapetError } = await import('#core/errors.ts');
  const { failUnder } = await import('./fail-under.ts');
  const { isModelFile, refuseOtherFile } = await import('../files/model-file.ts');
  const { evaluateAll, runShards } = await import('../shards/evaluate-all.ts');
  const { printJson } = await import('./output.ts');
  const { parseShard, requestsOf } = await import('./requests.ts');
  const { resultTable } = await import('./result-table.ts');
  const { withWorkers } = await import('./with-workers.ts');

  if (paths.some(isModelFile)) return (await import('./own-model.ts')).evaluateOwnModel(paths, options);
  for (const path of paths) await refuseOtherFile(path);
  for (const name of ownOptions) {
    if (options[name] === undefined) continue;
    const came = paths.length === 0 ? 'none came' : `${paths.join(', ')} is taken for the folder of a submission`;
    throw new ParapetError(
      'usage',
      `${flagOf(name)}: only for a model file; ${came}`,
      'such as evaluate model.onnx --data photos/',
    );
  }
  const { areExternal, evaluateExternals } = await import('./external.ts');
  if (paths.length > 0 && (await areExternal(paths))) return evaluateExternals(paths, options);
  const fail = failUnder(options.failUnder);
  const requests = await requestsOf(paths, options);
  await withWorkers(options, requests.length, async (session) => {
    if (options.shard !== undefined) {
      const shards = await runShards(requests, parseShard(options.shard), session);
      if (options.json) printJson(shards);
      else
        for (const { path, tasks } of shards)
          process.stdout.write(`${path}: ${tasks} tasks of shard ${options.shard} done\n`);
      return;
    }
    const evaluated = await evaluateAll(requests, session);
    if (options.json) printJson(evaluated.length === 1 ? evaluated[0]?.result : evaluated.map(({ result }) => result));
    else for (const { path, result } of evaluated) process.stdout.write(`${resultTable(result)}\n${path}\n\n`);
    for (const { result } of evaluated) fail(result);
  });
}
