import type { Command } from 'commander';
import type { GanPoint } from '#core/training/gan/epoch.ts';
import type { BackendChoice } from '../backends/index.ts';

interface TrainGanOptions {
  epochs?: string;
  seed: string;
  resume: boolean;
  out?: string;
  backend: BackendChoice;
}

export function register(program: Command): void {
  program
    .command('train-gan')
    .description('train a generative adversarial net on the images of a data set')
    .argument('<dataset>', 'mnist, fashion-mnist or cifar10')
    .option('--epochs <n>', 'passes over the training set (default: 20)')
    .option('--seed <n>', 'decides every random draw', '0')
    .option('--no-resume', 'start anew although a checkpoint is there')
    .option('--out <folder>', 'where nets, history and samples go (default: out/gan/<dataset>)')
    .option('--backend <name>', 'auto, wasm, native or cuda', 'auto')
    .addHelpText(
      'after',
      '\nA run that was interrupted or killed goes on after its last whole epoch when the same command is given again.\n' +
        'Example: npm run -s parapet -- train-gan mnist --backend native',
    )
    .action(run);
}

async function run(id: string, options: TrainGanOptions): Promise<void> {
  const { findDataset } = await import('#core/datasets/index.ts');
  const { ganOptionsSchema, MOST_EPOCHS } = await import('#core/training/gan/options.ts');
  const { startBackend } = await import('../backends/index.ts');
  const { loadDataset } = await import('../files/datasets.ts');
  const { trainGanInFolder } = await import('../files/gan.ts');
  const { interruptible } = await import('./interruptible.ts');
  const { seedNumber, startProgress, wholeNumber } = await import('./output.ts');

  const { shape } = findDataset(id);
  const epochs = options.epochs === undefined ? undefined : wholeNumber('--epochs', options.epochs, 1, MOST_EPOCHS);
  const settings = ganOptionsSchema.parse({ epochs });
  const seed = seedNumber(options.seed);
  const out = options.out ?? `out/gan/${id}`;
  const backend = await startBackend(options.backend);
  const progress = startProgress();
  await interruptible(async (signal) => {
    const data = await loadDataset(id, 'train', { signal, onMessage: progress.note });
    await trainGanInFolder({
      dataset: id,
      data,
      shape,
      options: settings,
      seed,
      backend,
      out,
      resume: options.resume,
      signal,
      onResume: (epoch) => progress.note(`going on after epoch ${epoch}`),
      onStep: (epoch, done, of) => progress.update(`epoch ${epoch + 1}`, (epoch + done / of) / settings.epochs),
      onEpoch: ({ epoch, history }) =>
        progress.note(`${epoch}/${settings.epochs}: ${told(history.at(-1) as GanPoint)}`),
    });
  }).finally(() => progress.stop());
  process.stdout.write(`${out}: generator.safetensors, discriminator.safetensors, history.json, samples/\n`);
}

function told({ discriminatorLoss, generatorLoss, accuracyReal, accuracyMade }: GanPoint): string {
  const percent = (share: number) => `${Math.round(100 * share)} %`;
  return (
    `losses ${discriminatorLoss.toFixed(3)} and ${generatorLoss.toFixed(3)}, ` +
    `told right ${percent(accuracyReal)} of the real and ${percent(accuracyMade)} of the made images`
  );
}
