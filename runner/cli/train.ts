import { createHash } from 'node:crypto';
import type { Command } from 'commander';
import type { EpochReport } from '#core/training/train.ts';
import type { BackendChoice } from '../backends/index.ts';

interface TrainOptions {
  seed?: string;
  resume: boolean;
  out?: string;
  backend: BackendChoice;
  json?: boolean;
}

export function register(program: Command): void {
  program
    .command('train')
    .description('run the recipe of a submission and write its weights')
    .argument('<path>', 'folder of a submission, such as submissions/Undefended')
    .option('--seed <n>', "instead of the recipe's seed")
    .option('--no-resume', 'start anew although a checkpoint is there')
    .option('--out <file>', 'where the weights go (default: out/train/<id>.safetensors)')
    .option('--backend <name>', 'auto, wasm, native or cuda', 'auto')
    .option('--json', 'print what was written as JSON')
    .addHelpText(
      'after',
      '\nA run that was interrupted or killed goes on after its last whole epoch when the same command is given again.\n' +
        'Example: npm run -s parapet -- train submissions/Papernot2016Distillation --backend native',
    )
    .action(run);
}

async function run(path: string, options: TrainOptions): Promise<void> {
  const { startBackend } = await import('../backends/index.ts');
  const { loadDataset } = await import('../files/datasets.ts');
  const { readSubmission } = await import('../files/submissions.ts');
  const { trainSubmission, defaultWeightsPath } = await import('../files/training.ts');
  const { printJson, startProgress, wholeNumber } = await import('./output.ts');
  const { interruptible } = await import('./interruptible.ts');

  const { submission } = await readSubmission(path);
  const seed = options.seed === undefined ? undefined : wholeNumber('--seed', options.seed);
  const out = options.out ?? defaultWeightsPath(submission);
  const backend = await startBackend(options.backend);
  const dataset = submission.recipe?.dataset ?? (submission.datasets[0] as string);
  const progress = startProgress();
  const weights = await interruptible(async (signal) => {
    const data = await loadDataset(dataset, 'train', { signal, onMessage: progress.note });
    return trainSubmission({
      submission,
      data,
      backend,
      seed,
      out,
      resume: options.resume,
      signal,
      onResume: (phase, epoch) => progress.note(`${submission.id}: going on with '${phase}' after epoch ${epoch}`),
      onStep: (phase, epoch, done, of) => progress.update(`${phase}, epoch ${epoch + 1}`, done / of),
      onEpoch: ({ phase, epoch, epochs, loss, validation }) =>
        progress.note(`${phase} ${epoch}/${epochs}: loss ${loss.toFixed(5)}${measured(validation)}`),
    });
  }).finally(() => progress.stop());
  const sha256 = createHash('sha256').update(weights).digest('hex');
  if (options.json) printJson({ submission: submission.id, file: out, bytes: weights.length, sha256 });
  else process.stdout.write(`${out}: ${weights.length} bytes, SHA-256 ${sha256}\n`);
}

function measured(validation: EpochReport['validation']): string {
  if (validation === null) return '';
  const percent = (fraction: number) => `${(100 * fraction).toFixed(2)} %`;
  const robust = validation.robust === null ? '' : `, under PGD ${percent(validation.robust)}`;
  return `, validation accuracy ${percent(validation.clean)}${robust}`;
}
