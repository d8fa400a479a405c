import type { Command } from 'commander';
import type { BackendChoice } from '../backends/index.ts';
import type { RequestOptions } from './requests.ts';

interface Options extends RequestOptions {
  backend: BackendChoice;
  processes?: string;
  out?: string;
  publish: boolean;
  json: boolean;
  shard: string;
  shards: string;
}

const repeatable = (value: string, before: readonly string[] = []) => [...before, value];

/** What all parts of one evaluation must be given alike. */
function common(command: Command): Command {
  return command
    .argument('[path...]', 'folders of submissions')
    .option('--track <id>', 'a track; may be repeated', repeatable)
    .option('--suite <id>', 'the suite', 'quick')
    .option('--examples <n>', "at most so many of the suite's examples")
    .option('--seed <n>', 'decides every random draw', '0')
    .option('--backend <name>', 'auto, wasm, native or cuda', 'auto')
    .option('--processes <n>', 'worker processes')
    .option('--out <file>', 'file of the result; the parts lie beside it')
    .option('--publish', 'under results/ instead of out/', false)
    .option('--json', 'print as JSON', false);
}

export function register(program: Command): void {
  const shard = program.command('shard').description('split an evaluation for any job scheduler');
  common(shard.command('plan').description('print the commands of all parts, and the one that merges them'))
    .requiredOption('--shards <n>', 'how many parts')
    .action(plan);
  common(shard.command('run').description('run one part of the attacks'))
    .requiredOption('--shard <i/n>', 'the i-th of n parts')
    .action(runPart);
  common(shard.command('merge').description('make the result of parts that lie beside it'))
    .requiredOption('--shards <n>', 'how many parts')
    .action(merge);
}

async function plan(_paths: string[], { shards, json }: Options, command: Command): Promise<void> {
  const { printJson, wholeNumber } = await import('./output.ts');
  const { quoted } = await import('./quoted.ts');
  const count = wholeNumber('--shards', shards, 1);
  // The parts are told what this command was told, word by word.
  const given = process.argv.slice(process.argv.indexOf(command.name()) + 1);
  const at = given.findIndex((word) => word === '--shards' || word.startsWith('--shards='));
  given.splice(at, given[at] === '--shards' ? 2 : 1);
  const line = (...words: string[]) =>
    ['npm', 'run', '-s', 'parapet', '--', 'shard', ...words, ...given].map(quoted).join(' ');
  const runs = Array.from({ length: count }, (_, i) => line('run', '--shard', `${i + 1}/${count}`));
  const last = line('merge', '--shards', `${count}`);
  if (json) printJson({ run: runs, merge: last });
  else for (const text of [...runs, last]) process.stdout.write(`${text}\n`);
}

async function runPart(paths: string[], options: Options): Promise<void> {
  const { runShards } = await import('../shards/evaluate-all.ts');
  const { printJson } = await import('./output.ts');
  const { parseShard, requestsOf } = await import('./requests.ts');
  const { withWorkers } = await import('./with-workers.ts');
  const shard = parseShard(options.shard);
  const requests = await requestsOf(paths, options);
  const done = await withWorkers(options, requests.length, (session) => runShards(requests, shard, session));
  if (options.json) printJson(done);
  else for (const { path, tasks } of done) process.stdout.write(`${path}: ${tasks} tasks\n`);
}

async function merge(paths: string[], options: Options): Promise<void> {
  const { evaluateAll } = await import('../shards/evaluate-all.ts');
  const { printJson, wholeNumber } = await import('./output.ts');
  const { requestsOf } = await import('./requests.ts');
  const { resultTable } = await import('./result-table.ts');
  const { withWorkers } = await import('./with-workers.ts');
  const shardsToMerge = wholeNumber('--shards', options.shards, 1);
  const requests = await requestsOf(paths, options);
  const merged = await withWorkers(options, requests.length, (session) =>
    evaluateAll(requests, { ...session, shardsToMerge }),
  );
  if (options.json) printJson(merged.length === 1 ? merged[0]?.result : merged.map(({ result }) => result));
  else for (const { path, result } of merged) process.stdout.write(`${resultTable(result)}\n${path}\n\n`);
}
