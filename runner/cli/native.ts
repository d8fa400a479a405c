import type { Command } from 'commander';
import { installNative } from '../backends/native-install.ts';

/** `native install`: puts TensorFlow itself behind tfjs. */
export function register(program: Command): void {
  const native = program.command('native').description('the native backend: TensorFlow on the processor or on CUDA');
  native
    .command('install')
    .description('download TensorFlow (pinned by SHA-256) into the cache and compile its binding')
    .option('--cuda', 'the build for NVIDIA GPUs, with its CUDA libraries', false)
    .option('--force', 'install again even if what is there is whole', false)
    .option('--json', 'print the outcome as JSON', false)
    .action(async (options: { cuda: boolean; force: boolean; json: boolean }) => {
      const interrupt = new AbortController();
      const onInterrupt = (): void => interrupt.abort();
      process.once('SIGINT', onInterrupt).once('SIGTERM', onInterrupt);
      const outcome = await installNative(options.cuda ? 'cuda' : 'cpu', {
        force: options.force,
        signal: interrupt.signal,
        progress: (message) => console.error(message),
      });
      process.off('SIGINT', onInterrupt).off('SIGTERM', onInterrupt);
      if (options.json) console.log(JSON.stringify(outcome, null, 2));
      else {
        const state = outcome.alreadyThere ? 'already installed, verified' : 'installed';
        console.log(`TensorFlow ${outcome.manifest.tensorflow} (${outcome.manifest.flavour}): ${state}`);
        console.log(outcome.directory);
      }
    });
}
