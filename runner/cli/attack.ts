import { basename, resolve } from 'node:path';
import type { Command } from 'commander';
import type { SuiteAttack } from '#core/suites/suite.ts';
import type { BackendChoice } from '../backends/index.ts';

interface Options {
  attack: string;
  track: string;
  examples: string;
  targets?: SuiteAttack['targets'];
  option?: readonly string[];
  surrogate?: readonly string[];
  seed: string;
  backend: BackendChoice;
  processes?: string;
  out?: string;
  external?: string;
  json: boolean;
}

const repeatable = (value: string, before: readonly string[] = []) => [...before, value];

/** Whether help was asked for: only then is the list worth the time it takes to load the attacks. */
function helpWanted(): boolean {
  return process.argv[2] === 'help' || process.argv.some((word) => word === '--help' || word === '-h');
}

export async function register(program: Command): Promise<void> {
  const lists = helpWanted() ? (await import('./attack-list.ts')).attackHelp(process.argv) : '';
  program
    .command('attack')
    .description('run one attack on the first examples of a track')
    .argument('<path>', 'folder of a submission')
    .requiredOption('--attack <id>', 'the attack, such as pgd; with --help, its options')
    .requiredOption('--track <id>', 'the track, such as mnist-linf-0.3')
    .option('--examples <n>', 'so many examples from the start of the test set', '100')
    .option('--targets <which>', 'untargeted, runner-up, least-likely or all')
    .option('--option <name=value>', 'an option of the attack; may be repeated', repeatable)
    .option('--surrogate <folder>', 'a submission that a transfer attack crafts on; may be repeated', repeatable)
    .option('--seed <n>', 'decides every random draw', '0')
    .option('--backend <name>', 'auto, wasm, native or cuda', 'auto')
    .option('--processes <n>', 'worker processes')
    .option('--out <file>', 'write the adversarial images there, as safetensors')
    .option(
      '--external <file>',
      'write those that broke the ball of the track, as an external evaluation hands them in',
    )
    .option('--json', 'print the numbers as JSON', false)
    .addHelpText('after', `\n${lists}`)
    .action(run);
}

async function run(folder: string, options: Options): Promise<void> {
  const { findDataset } = await import('#core/datasets/index.ts');
  const { encodeExamples } = await import('#core/external/examples.ts');
  const { findTrack } = await import('#core/tracks.ts');
  const { writeDurable } = await import('../files/durable.ts');
  const { attackOnce } = await import('../shards/attack-once.ts');
  const { lineOf } = await import('./attack-line.ts');
  const { duration, printJson, seedNumber, table, wholeNumber } = await import('./output.ts');
  const { percent } = await import('./result-table.ts');
  const { withWorkers } = await import('./with-workers.ts');

  const track = findTrack(options.track);
  const surrogateFolders = Object.fromEntries((options.surrogate ?? []).map((path) => [basename(resolve(path)), path]));
  const surrogates = Object.keys(surrogateFolders);
  const line = lineOf(options.attack, options.targets, options.option ?? [], track, surrogates);
  const count = wholeNumber('--examples', options.examples, 1);
  const seed = seedNumber(options.seed);
  const { out, external, ...workers } = options;
  const { numbers, images, broken } = await withWorkers(workers, 1, (session) =>
    attackOnce({ folder, track, line, count, seed, surrogateFolders }, session),
  );
  if (out !== undefined) await writeDurable(out, images);
  if (external !== undefined) await writeDurable(external, encodeExamples(broken, findDataset(track.dataset).shape));
  if (options.json) return printJson(numbers);
  const { medianDistance, pairs, gradientCalls, seconds } = numbers;
  const rows = [
    ['clean accuracy', percent(numbers.cleanAccuracy)],
    ['success rate', percent(pairs?.successRate ?? numbers.successRate)],
    ['robust accuracy', percent(numbers.robustAccuracy)],
    ['median distance', medianDistance === null ? '–' : `${Number(medianDistance.toPrecision(4))}`],
    ['gradients', `${gradientCalls}`],
    ['time', duration(seconds)],
  ];
  process.stdout.write(`${table([numbers.attack, `${track.title}, ${count} examples`], rows, [1])}\n`);
}
