/** The command line: finds the command, and turns what it throws into one line and an exit code. */
import { styleText } from 'node:util';

/** A command per file; a file that is not asked for is not loaded. */
const commands = [
  'evaluate',
  'attack',
  'train',
  'train-gan',
  'verify',
  'log',
  'compare',
  'claims',
  'validate',
  'new',
  'shard',
  'data',
  'native',
  'doctor',
] as const;

const bugExitCode = 70;

// A closed pipe, as in `… | head`, is no error of ours; what runs goes on, since its result may be a file.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE' && error.code !== 'ERR_STREAM_DESTROYED') throw error;
  });
}

const { Command, CommanderError } = await import('commander');
const { ParapetError, exitCodes } = await import('#core/errors.ts');
const { fileError } = await import('../files/file-error.ts');
const { plain } = await import('./output.ts');
const { default: description } = await import('../../package.json', { with: { type: 'json' } });

const program = new Command('parapet')
  .description(description.description)
  .version(description.version, '--version')
  .exitOverride()
  .showSuggestionAfterError()
  .showHelpAfterError('(--help tells what there is)')
  .addHelpText(
    'after',
    '\nExamples:\n' +
      '  npm run -s parapet -- evaluate submissions/Undefended --track mnist-linf-0.3\n' +
      '  npm run -s parapet -- validate submissions/Undefended\n' +
      '  npm run -s parapet -- data fetch mnist',
  );

const wanted = process.argv[2] === 'help' ? process.argv[3] : process.argv[2];
for (const name of commands.some((command) => command === wanted) ? [wanted as (typeof commands)[number]] : commands) {
  const { register } = (await import(`./${name}.ts`)) as {
    register(program: InstanceType<typeof Command>): void | Promise<void>;
  };
  await register(program);
}

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = report(error);
}
// What goes to a pipe may still be on its way: one takes no more at once than fits into it.
await Promise.all(
  [process.stdout, process.stderr].map((stream) => new Promise<void>((done) => stream.write('', () => done()))),
);
// Backends keep handles open that would hold the process.
process.exit();

/** Says on stderr what went wrong. @returns the exit code */
function report(thrown: unknown): number {
  if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? 0 : exitCodes.usage;
  const error = known(thrown);
  if (!(error instanceof ParapetError)) {
    process.stderr.write(
      `${error instanceof Error ? error.stack : String(error)}\nThis is a bug of Parapet: please report it.\n`,
    );
    return bugExitCode;
  }
  const lines = error.message.split('\n').map(plain);
  process.stderr.write(`${styleText('red', 'error', { stream: process.stderr })}: ${lines.join('\n')}\n`);
  if (error.hint !== undefined) process.stderr.write(`  ${plain(error.hint)}\n`);
  return error.exitCode;
}

/** A disk that fails anywhere is no bug of ours, nor is a command that was stopped. */
function known(error: unknown): unknown {
  if (error instanceof Error && error.name === 'AbortError') return new ParapetError('interrupted', 'interrupted');
  const { syscall, path } = error instanceof Error ? (error as NodeJS.ErrnoException) : {};
  return syscall === undefined || path === undefined ? error : fileError(syscall, path, error);
}
