import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { ParapetError } from '#core/errors.ts';

interface Options {
  results?: string;
  add: boolean;
  since?: string;
  json: boolean;
}

export function register(program: Command): void {
  program
    .command('log')
    .description('check the log of publications, and that every published result is the last one that it names')
    .option('--results <folder>', 'folder of the results (default: results/ of this repository)')
    .option('--add', 'first add results that the log does not name yet, in the order of their dates', false)
    .option('--since <sha256>', 'of a line that you noted down: the log must still hold it')
    .option('--json', 'print the entries as JSON', false)
    .addHelpText('after', '\nExit code 6: a line, or a result, is not what was published.')
    .action(run);
}

async function run({ results, add, since, json }: Options): Promise<void> {
  const { addUnpublished, checkPublications, requireLine } = await import('../files/publications.ts');
  const { plain, printJson } = await import('./output.ts');
  const folder = results ?? fileURLToPath(new URL('../../results', import.meta.url));
  if (since !== undefined && !/^[0-9a-f]{64}$/.test(since)) {
    throw new ParapetError('usage', `--since: '${plain(since)}'; wanted 64 hexadecimal digits, as log prints them`);
  }
  const added = add ? await addUnpublished(folder) : [];
  const { log, problems } = await checkPublications(folder);
  if (since !== undefined) requireLine(log, since, folder);
  if (problems.length > 0) {
    const more = problems.length > 5 ? `; and ${problems.length - 5} more` : '';
    throw new ParapetError(
      'integrity',
      `${problems.slice(0, 5).join('; ')}${more}`,
      'restore what was published from git; what came by another way than --publish: log --add',
    );
  }
  const last = log.lines.at(-1) ?? null;
  if (json) return printJson({ entries: log.entries, added, last });
  for (const path of added) process.stdout.write(`added ${plain(path)}\n`);
  process.stdout.write(
    `${log.entries.length} publications of ${log.last.size} results hold together; the last line has the SHA-256\n${last ?? 'none'}\n`,
  );
}
