import type { Command } from 'commander';
import type { modelToSubmit } from '../files/submission-model.ts';
import type { Questions } from './questions.ts';

interface Options {
  readonly dataset?: string;
  readonly format?: string;
  readonly model?: string;
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
    .option('--format <format>', 'safetensors, onnx or tfjs')
    .option('--model <file>', 'a model file to copy in, with its SHA-256 filled in: .safetensors, .onnx or model.json')
    .option('--architecture <id>', 'of safetensors: an architecture of docs/architectures.md')
    .option('--name <text>', 'name of the method, as it should stand on the board')
    .option('--author <name>', 'first author; others go into the file')
    .option('--in <folder>', 'where the folder goes', 'submissions')
    .option('--yes', 'ask nothing; what is not given has its default', false)
    .option('--json', 'print what was made as JSON', false)
    .addHelpText(
      'after',
      '\nAsks for what is not given, in a terminal only.\n' +
        'Examples:\n' +
        '  npm run -s parapet -- new Madry2018Towards --dataset mnist --name "Adversarial training" --yes\n' +
        '  npm run -s parapet -- new Madry2018Towards --dataset cifar10 --model net.onnx',
    )
    .action(run);
}

async function run(id: string, options: Options): Promise<void> {
  const { datasets, findDataset } = await import('#core/datasets/index.ts');
  const { createSubmission } = await import('../files/submission-create.ts');
  const { modelFileNames, placeholderAuthor } = await import('../files/submission-template.ts');
  const { printJson } = await import('./output.ts');
  const { startQuestions } = await import('./questions.ts');

  const questions = startQuestions(!options.yes && !options.json);
  try {
    const ids = datasets.map((dataset) => dataset.id);
    const dataset = findDataset(options.dataset ?? (await questions.ask(`data set (${ids.join(', ')})`, 'mnist')));
    const { model, files } = await modelOf(options, questions, (shape) => shape.join() === dataset.shape.join());
    const name = options.name ?? (await questions.ask('name of the method', id));
    const author = options.author ?? (await questions.ask('first author', placeholderAuthor));
    const folder = await createSubmission(options.in, { id, name, author, dataset: dataset.id, model }, files);
    if (options.json) return printJson({ id, folder });
    const { format, digests } = model;
    const missing =
      format === 'safetensors' ? '' : `  put ${modelFileNames[format]} beside it, and its SHA-256 into it\n`;
    const train = `  npm run -s parapet -- train ${folder}      (if you have no weights)\n`;
    process.stdout.write(
      `${folder}/submission.yaml is there. Next:\n` +
        `  fill it in\n${digests === null ? missing : ''}` +
        `  npm run -s parapet -- validate ${folder}\n` +
        (format === 'safetensors' && digests === null ? train : ''),
    );
  } finally {
    questions.end();
  }
}

/** The net: what is known of it from the options, the file and the answers. */
async function modelOf(
  options: Options,
  questions: Questions,
  fits: (inputShape: readonly number[]) => boolean,
): Promise<Awaited<ReturnType<typeof modelToSubmit>>> {
  const { ParapetError } = await import('#core/errors.ts');
  const { architectures } = await import('#core/models/index.ts');
  const { modelFormats } = await import('#core/submission-models.ts');
  const { formatOf, modelToSubmit } = await import('../files/submission-model.ts');
  const path = options.model ?? (await questions.ask('model file to copy in (none: leave empty)', ''));
  const found = path === '' ? null : formatOf(path);
  const given = options.format ?? found ?? (await questions.ask(`format (${modelFormats.join(', ')})`, 'safetensors'));
  const format = modelFormats.find((one) => one === given);
  if (format === undefined) {
    throw new ParapetError('usage', `--format: there is no '${given}'`, `the formats are ${modelFormats.join(', ')}`);
  }
  if (found !== null && found !== format) {
    throw new ParapetError('usage', `--format: ${path} is ${found}, not ${format}`, 'leave --format away');
  }
  if (format !== 'safetensors' && options.architecture !== undefined) {
    throw new ParapetError('usage', `--architecture: ${format} holds its architecture itself`, 'leave it away');
  }
  const names = architectures.filter(({ inputShape }) => fits(inputShape)).map(({ id }) => id);
  const architecture =
    format === 'safetensors'
      ? (options.architecture ?? (await questions.ask(`architecture (${names.join(', ')})`, names[0] ?? '')))
      : null;
  if (path === '') return { model: { format, architecture, digests: null }, files: {} };
  return modelToSubmit(path, architecture);
}
