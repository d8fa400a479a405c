import type { Command } from 'commander';

interface Options {
  readonly dataset?: string;
  readonly architecture?: string;
  readonly name?: string;
  readonly author?: string;
  readonly in: string;
  readonly yes: boolean;
  readonly json: boolean;
}

/** `new`: the folder of a submission, valid from the start. */
export function register(program: Command): void {
  program
    .command('new')
    .description('start a submission: a folder with a submission.yaml to fill in')
    .argument('<id>', 'AuthorYearWord, such as Madry2018Towards')
    .option('--dataset <id>', 'mnist, fashion-mnist or cifar10')
    .option('--architecture <id>', 'an architecture of docs/architectures.md')
    .option('--name <text>', 'name of the method, as it should stand on the board')
    .option('--author <name>', 'first author; others go into the file')
    .option('--in <folder>', 'where the folder goes', 'submissions')
    .option('--yes', 'ask nothing; what is not given has its default', false)
    .option('--json', 'print what was made as JSON', false)
    .addHelpText(
      'after',
      '\nAsks for what is not given, in a terminal only.\n' +
        'Example: npm run -s parapet -- new Madry2018Towards --dataset mnist --name "Adversarial training" --yes',
    )
    .action(run);
}

async function run(id: string, options: Options): Promise<void> {
  const { datasets, findDataset } = await import('#core/datasets/index.ts');
  const { architectures } = await import('#core/models/index.ts');
  const { createSubmission } = await import('../files/submission-create.ts');
  const { placeholderAuthor } = await import('../files/submission-template.ts');
  const { printJson } = await import('./output.ts');
  const { startQuestions } = await import('./questions.ts');

  const questions = startQuestions(!options.yes && !options.json);
  try {
    const ids = datasets.map((dataset) => dataset.id);
    const dataset = findDataset(options.dataset ?? (await questions.ask(`data set (${ids.join(', ')})`, 'mnist')));
    const fits = architectures.filter(({ inputShape }) => inputShape.join() === dataset.shape.join());
    const names = fits.map((architecture) => architecture.id);
    const architecture =
      options.architecture ?? (await questions.ask(`architecture (${names.join(', ')})`, names[0] ?? ''));
    const name = options.name ?? (await questions.ask('name of the method', id));
    const author = options.author ?? (await questions.ask('first author', placeholderAuthor));
    const folder = await createSubmission(options.in, { id, name, author, dataset: dataset.id, architecture });
    if (options.json) return printJson({ id, folder });
    process.stdout.write(
      `${folder}/submission.yaml is there. Next:\n` +
        `  fill it in\n` +
        `  npm run -s parapet -- validate ${folder}\n` +
        `  npm run -s parapet -- train ${folder}      (if you have no weights)\n`,
    );
  } finally {
    questions.end();
  }
}
