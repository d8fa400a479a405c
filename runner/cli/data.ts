import type { Command } from 'commander';

/** `data fetch` and `data list`: the data sets on this machine. */
export function register(program: Command): void {
  const data = program.command('data').description('the data sets: fetch them, and see which are here');
  data
    .command('fetch')
    .description('fetch data sets, and verify every file by its SHA-256')
    .argument('[id...]', 'mnist, fashion-mnist, cifar10 (default: all)')
    .option('--json', 'print what is there as JSON', false)
    .addHelpText(
      'after',
      '\nFiles go into the cache (PARAPET_CACHE_DIR) and are verified again whenever they are read.\n' +
        'Files that you have already: PARAPET_DATA_DIR=FOLDER, with FOLDER/mnist/train-images-idx3-ubyte and so on.\n' +
        'Example: npm run -s parapet -- data fetch mnist cifar10',
    )
    .action(fetch);
  data
    .command('list')
    .description('which data sets are here, whole')
    .option('--json', 'print it as JSON', false)
    .addHelpText('after', '\nExample: npm run -s parapet -- data list --json')
    .action(list);
}

async function fetch(ids: string[], { json }: { json: boolean }): Promise<void> {
  const { datasets, findDataset } = await import('#core/datasets/index.ts');
  const { ensureDataset } = await import('../files/datasets.ts');
  const { interruptible } = await import('./interruptible.ts');
  const { plain } = await import('./output.ts');
  const wanted = ids.length === 0 ? datasets : ids.map(findDataset);
  const onMessage = (message: string) => process.stderr.write(`${plain(message)}\n`);
  await interruptible(async (signal) => {
    for (const { id } of wanted) await ensureDataset(id, { signal, onMessage });
  });
  await report(
    wanted.map(({ id }) => id),
    json,
  );
}

async function list({ json }: { json: boolean }): Promise<void> {
  const { datasets } = await import('#core/datasets/index.ts');
  await report(
    datasets.map(({ id }) => id),
    json,
  );
}

/** What is on disk; reading every file is the only way to know. */
async function report(ids: readonly string[], json: boolean): Promise<void> {
  const { findDataset } = await import('#core/datasets/index.ts');
  const { inspectDataset } = await import('../files/datasets.ts');
  const { printJson, table } = await import('./output.ts');
  const found = [];
  for (const id of ids) {
    const { name, counts } = findDataset(id);
    const { folder, whole, damaged, of } = await inspectDataset(id);
    const state = damaged.length > 0 ? 'damaged' : whole === of ? 'here' : whole === 0 ? 'not here' : 'incomplete';
    found.push({ id, name, train: counts.train, test: counts.test, state, damaged, folder });
  }
  if (json) return printJson(found);
  const rows = found.map(({ id, train, test, state, damaged, folder }) => [
    id,
    String(train),
    String(test),
    damaged.length === 0 ? state : `${state}: ${damaged.join(', ')}`,
    folder,
  ]);
  process.stdout.write(`${table(['data set', 'train', 'test', 'state', 'folder'], rows, [1, 2])}\n`);
}
