import type { Command } from 'commander';
import type { BackendChoice } from '../backends/index.ts';

interface ShowOptions {
  all: boolean;
  json: boolean;
}

interface RunOptions {
  experiment?: string;
  backend: BackendChoice;
  out?: string;
  json: boolean;
}

/** What an experiment is on that names no data set. */
const DATASET = 'mnist';

export function register(program: Command): void {
  const claims = program
    .command('claims')
    .description('figures of papers: theirs, ours, and whether they agree')
    .argument('[id]', 'a paper, such as papernot2016 (default: all)')
    .option('--all', 'also figures that nothing here measures yet', false)
    .option('--json', 'print as JSON', false)
    .addHelpText(
      'after',
      '\nOurs is counted from results/, else from out/. A suite measures some (evaluate --suite papernot2016), experiments the rest (claims run).',
    )
    .action(show);
  claims
    .command('run')
    .description("run a paper's experiments from nothing: train the nets they need, measure, write what came out")
    .argument('<id>', 'a paper, such as goodfellow2015')
    .option('--experiment <id>', 'only this one')
    .option('--backend <name>', 'auto, wasm, native or cuda', 'auto')
    .option('--out <folder>', 'where the outcomes go (default: out/claims)')
    .option('--json', 'print what was written as JSON', false)
    .addHelpText(
      'after',
      '\nA run that was interrupted or killed goes on where it was when the same command is given again.',
    )
    .action((id: string, options: RunOptions, command: Command) =>
      runExperiments(id, { ...options, ...command.optsWithGlobals() }),
    );
  claims
    .command('verify')
    .description('count every published figure again, and hold files and figures against their record')
    .option('--record', 'write the record of what lies in results/claims', false)
    .addHelpText('after', '\nA file or figure that does not fit ends it with exit code 6.')
    .action(verify);
}

async function verify({ record }: { record: boolean }): Promise<void> {
  const { recordClaims, verifyClaims } = await import('../files/claim-record.ts');
  if (record) process.stdout.write(`${await recordClaims()}\n`);
  const { experiments, figures } = await verifyClaims();
  process.stdout.write(`${figures} figures of ${experiments} experiments are as recorded\n`);
}

async function show(id: string | undefined, { all, json }: ShowOptions): Promise<void> {
  const { claims, findClaim } = await import('#core/claims/index.ts');
  const { judgeClaim } = await import('../files/judge-claim.ts');
  const { printJson } = await import('./output.ts');
  const { claimTable } = await import('./claim-table.ts');

  const wanted = id === undefined ? claims : [findClaim(id)];
  const answers = [];
  for (const claim of wanted) answers.push(await judgeClaim(claim));
  if (json) return printJson(id === undefined ? answers : answers[0]);
  process.stdout.write(answers.map((answer) => claimTable(answer, all)).join('\n'));
}

async function runExperiments(id: string, options: RunOptions): Promise<void> {
  const { findClaim, findExperiment } = await import('#core/claims/index.ts');
  const { findDataset } = await import('#core/datasets/index.ts');
  const { startBackend } = await import('../backends/index.ts');
  const { ownOutcomes } = await import('../files/claims.ts');
  const { loadDataset } = await import('../files/datasets.ts');
  const { runExperiment } = await import('../files/run-experiment.ts');
  const { interruptible } = await import('./interruptible.ts');
  const { printJson, startProgress } = await import('./output.ts');

  const claim = findClaim(id);
  const experiments =
    options.experiment === undefined ? claim.experiments : [findExperiment(claim, options.experiment)];
  const backend = await startBackend(options.backend);
  const progress = startProgress();
  const written: { experiment: string; file: string }[] = [];
  await interruptible(async (signal) => {
    const load = async (id: string) => {
      const split = (name: 'train' | 'test') => loadDataset(id, name, { signal, onMessage: progress.note });
      return { id, train: await split('train'), test: await split('test') };
    };
    let data = await load(experiments[0]?.dataset ?? DATASET);
    for (const experiment of experiments) {
      const { dataset = DATASET } = experiment;
      if (dataset !== data.id) data = await load(dataset);
      // Of the steps alone: how long nets took to train says nothing of them.
      let steps: ReturnType<typeof startProgress> | undefined;
      const file = await runExperiment({
        claim,
        experiment,
        data,
        side: findDataset(dataset).shape[0],
        backend,
        out: options.out ?? ownOutcomes,
        work: ownOutcomes,
        signal,
        onMessage: progress.note,
        onProgress(label, fraction) {
          steps ??= startProgress();
          steps.update(label, fraction);
        },
      }).finally(() => steps?.stop());
      progress.note(`${experiment.id}: ${file}`);
      written.push({ experiment: experiment.id, file });
    }
  }).finally(() => progress.stop());
  if (options.json) printJson(written);
  else for (const { file } of written) process.stdout.write(`${file}\n`);
}
