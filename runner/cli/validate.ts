import type { Command } from 'commander';
import type { CheckedExternal } from '../files/external-check.ts';
import type { CheckedSubmission } from '../files/submission-check.ts';

type Checked = CheckedSubmission | CheckedExternal;

/** `validate`: everything about a submission, a defense or an external evaluation, that can be checked in seconds. */
export function register(program: Command): void {
  program
    .command('validate')
    .description('check submissions without evaluating them: every mistake at once, in seconds')
    .argument('<path...>', 'folders of submissions, such as submissions/Undefended')
    .option('--json', 'print what was checked as JSON: one object for one path, else an array', false)
    .addHelpText(
      'after',
      '\nExit code 3 when a submission cannot be evaluated. Warnings do not count.\n' +
        'Example: npm run -s parapet -- validate submissions/Undefended',
    )
    .action(run);
}

interface Outcome {
  readonly path: string;
  readonly valid: boolean;
  readonly error: string | null;
  readonly submission: Checked | null;
}

async function run(paths: string[], { json }: { json: boolean }): Promise<void> {
  const { ParapetError } = await import('#core/errors.ts');
  const { isExternalFolder } = await import('../files/external.ts');
  const { checkExternal } = await import('../files/external-check.ts');
  const { checkSubmission } = await import('../files/submission-check.ts');
  const { inspectSubmission } = await import('../shards/inspect-submission.ts');
  const { plain, printJson } = await import('./output.ts');

  const outcomes: Outcome[] = [];
  let worst: InstanceType<typeof ParapetError> | undefined;
  for (const path of paths) {
    try {
      const submission = await ((await isExternalFolder(path))
        ? checkExternal(path)
        : checkSubmission(path, inspectSubmission));
      outcomes.push({ path, valid: true, error: null, submission });
      if (!json) process.stdout.write(`${plain(describe(submission))}\n`);
      for (const note of submission.notes) process.stderr.write(`${plain(`${path}: ${note}`)}\n`);
      for (const warning of submission.warnings) process.stderr.write(`warning: ${plain(`${path}: ${warning}`)}\n`);
    } catch (error) {
      // What is no mistake of the submission ends the command; of several mistakes all but the last are told here.
      if (!(error instanceof ParapetError) || error.kind !== 'submission') throw error;
      if (worst !== undefined) process.stderr.write(`${worst.message.split('\n').map(plain).join('\n')}\n`);
      worst = error;
      outcomes.push({ path, valid: false, error: error.message, submission: null });
    }
  }
  if (json) printJson(outcomes.length === 1 ? outcomes[0] : outcomes);
  if (worst !== undefined) throw worst;
}

function describe(checked: Checked): string {
  const { id, name } = checked;
  if (checked.kind === 'external-evaluation') {
    const { of, images } = checked;
    return `${id}: valid. ${name}, ${images.toLocaleString('en')} images of ${of.submission} on ${of.track}`;
  }
  const { dataset, architecture, parameters, modelBytes } = checked;
  const weights =
    modelBytes === null ? 'a recipe, no weights yet' : `files of ${modelBytes.toLocaleString('en')} bytes`;
  const count = parameters === null ? '' : ` (${parameters.toLocaleString('en')} parameters)`;
  return `${id}: valid. ${name}, ${dataset}, ${architecture}${count}, ${weights}`;
}
