import { createHash } from 'node:crypto';
import type { Command } from 'commander';
import { ParapetError } from '#core/errors.ts';
import type { EpochReport } from '#core/training/train.ts';
import type { BackendChoice } from '../backends/index.ts';

interface TrainOptions {
  net?: string;
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
    .option(
      '--net <i>',
      'of several nets only the i-th, from 0; its seed is i larger (default: all, one after another)',
    )
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
  const { printJson, seedNumber, startProgress, wholeNumber } = await import('./output.ts');
  const { interruptible } = await import('./interruptible.ts');

  const { modelsOf } = await import('#core/submission.ts');

  const { submission } = await readSubmission(path);
  const seed = options.seed === undefined ? undefined : seedNumber(options.seed);
  const nets = chosenNets(modelsOf(submission).length, options, wholeNumber).map((index) => {
    return { index, out: options.out ?? defaultWeightsPath(submission, index) };
  });
  const backend = await startBackend(options.backend);
  const dataset = submission.recipe?.dataset ?? (submission.datasets[0] as string);
  const progress = startProgress();
  const written = await interruptible(async (signal) => {
    const data = await loadDataset(dataset, 'train', { signal, onMessage: progress.note });
    const files = await trainSubmission({
      submission,
      nets,
      data,
      backend,
      seed,
      resume: options.resume,
      signal,
      tell(index) {
        const name = modelsOf(submission).length === 1 ? submission.id : `${submission.id}, net ${index}`;
        const before = nets.findIndex((net) => net.index === index);
        return {
          onResume: (phase, epoch) => progress.note(`${name}: going on with '${phase}' after epoch ${epoch}`),
          onStep: (phase, epoch, _done, share) =>
            progress.update(`${phase}, epoch ${epoch + 1}`, (before + share) / nets.length),
          onEpoch: ({ phase, epoch, epochs, loss, validation }) =>
            progress.note(`${phase} ${epoch}/${epochs}: loss ${loss.toFixed(5)}${measured(validation)}`),
        };
      },
    });
    return files.map((weights, i) => {
      const sha256 = createHash('sha256').update(weights).digest('hex');
      return { submission: submission.id, file: nets[i]?.out, bytes: weights.length, sha256 };
    });
  }).finally(() => progress.stop());
  if (options.json) printJson(written.length === 1 ? written[0] : written);
  else
    for (const { file, bytes, sha256 } of written) process.stdout.write(`${file}: ${bytes} bytes, SHA-256 ${sha256}\n`);
}

/** @throws ParapetError 'usage' for a net that is not there, or one file for several */
function chosenNets(
  count: number,
  { net, out }: TrainOptions,
  wholeNumber: typeof import('./output.ts').wholeNumber,
): number[] {
  const all = Array.from({ length: count }, (_, i) => i);
  if (net === undefined) {
    if (out === undefined || count === 1) return all;
    throw new ParapetError('usage', `--out: names one file, and there are ${count} nets`, 'add --net to choose one');
  }
  const chosen = wholeNumber('--net', net);
  if (chosen < count) return [chosen];
  throw new ParapetError('usage', `--net: is ${chosen}; wanted less than ${count}, the number of nets`);
}

function measured(validation: EpochReport['validation']): string {
  if (validation === null) return '';
  const percent = (fraction: number) => `${(100 * fraction).toFixed(2)} %`;
  const robust = validation.robust === null ? '' : `, under PGD ${percent(validation.robust)}`;
  return `, validation accuracy ${percent(validation.clean)}${robust}`;
}
