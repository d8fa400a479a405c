/** The command line: finds the command, and turns what it throws into one line and an exit code. */
import { styleText } from 'node:util';

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 22 || (major === 22 && minor < 18)) {
  process.stderr.write(
    `Node ${process.versions.node} is too old; wanted 22.18 or later\n  run it as 'npm run -s parapet -- …'\n`,
  );
  process.exit(2);
}

/** A command per file; a file that is not asked for is not loaded. */
const commands = ['train', 'native'] as const;

const bugExitCode = 70;

// A closed pipe, as in `… | head`, is no error of ours.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

const { Command, CommanderError } = await import('commander');
const { ParapetError, exitCodes } = await import('#core/errors.ts');
const { plain } = await import('./output.ts');

const program = new Command('parapet')
  .description('evaluate defenses against adversarial examples')
  .exitOverride()
  .showSuggestionAfterError()
  .showHelpAfterError('(--help tells what there is)')
  .configureHelp({ showGlobalOptions: false });

const wanted = process.argv[2];
for (const name of commands.some((command) => command === wanted) ? [wanted as (typeof commands)[number]] : commands) {
  const { register } = (await import(`./${name}.ts`)) as { register(program: InstanceType<typeof Command>): void };
  register(program);
}

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : exitCodes.usage;
  else if (error instanceof ParapetError) {
    process.stderr.write(`${styleText('red', 'error', { stream: process.stderr })}: ${plain(error.message)}\n`);
    if (error.hint !== undefined) process.stderr.write(`  ${plain(error.hint)}\n`);
    process.exitCode = error.exitCode;
  } else {
    process.stderr.write(
      `${error instanceof Error ? error.stack : String(error)}\nThis is a bug of Parapet: please report it.\n`,
    );
    process.exitCode = bugExitCode;
  }
}
// Backends keep handles open that would hold the process.
process.exit();
