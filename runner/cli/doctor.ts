import type { Command } from 'commander';

/** `doctor`: what this machine can do, what is missing and how to get it. */
export function register(program: Command): void {
  program
    .command('doctor')
    .description('what this machine can do, what is missing and how to get it')
    .option('--no-speed', 'skip the speed of the backends (a few seconds each)')
    .option('--json', 'print it as JSON', false)
    .action(async (options: { speed: boolean; json: boolean }) => {
      const { examine } = await import('../bench/machine.ts');
      const { describeExamination } = await import('../bench/machine-text.ts');
      const examination = await examine({ speed: options.speed, progress: (text) => console.error(text) });
      console.log(options.json ? JSON.stringify(examination, null, 2) : describeExamination(examination));
    });
}
