import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ParapetError } from '#core/errors.ts';
import type { Classifier } from '#core/models/classifier.ts';
import { type SentModel, withoutReferences } from '#core/models/sent-model.ts';
import { formOf as formOfData } from '#core/models/submitted-files.ts';
import { modelsOf, type Submission } from '#core/submission.ts';
import type { SuiteAttack } from '#core/suites/suite.ts';
import { readSubmission } from '../files/submissions.ts';

/** A submission that a transfer attack crafts on. */
export interface SurrogateFile {
  readonly id: string;
  readonly folder: string;
  readonly digest: string;
  readonly sent: SentModel;
}

const ours = fileURLToPath(new URL('../../surrogates/', import.meta.url));

/** What surrogates are held against. */
export interface Attacked extends Pick<Classifier, 'inputShape' | 'classes'> {
  readonly id: string;
  /** SHA-256 of the file of each of its nets; none while there are none. */
  readonly files: readonly string[];
  readonly dataset: string;
}

export function attackedOf(submission: Submission): Attacked {
  const { id, datasets } = submission;
  const files = modelsOf(submission).flatMap(({ sha256 }) => sha256 ?? []);
  return { id, files, dataset: datasets[0] as string, ...formOfData(submission) };
}

/**
 * Reads and checks the submissions that lines of a suite name as surrogates.
 * @param lines of which some may name surrogates by submission id
 * @param attacked what they are to attack
 * @param folders where a surrogate lies, by id; `surrogates/<id>` of this program when absent
 * @returns each once, in the order in which they are named first
 * @throws ParapetError 'usage' for a surrogate that is the attacked submission, or of another data set, shape or classes;
 *   'submission' for one that has no weights or is broken
 */
export async function readSurrogates(
  lines: readonly SuiteAttack[],
  attacked: Attacked,
  folders: Readonly<Record<string, string>> = {},
): Promise<SurrogateFile[]> {
  const ids = [...new Set(lines.flatMap(({ surrogates = [] }) => surrogates))];
  return Promise.all(ids.map((id) => readSurrogate(id, folders[id] ?? `${ours}${id}`, attacked)));
}

async function readSurrogate(id: string, folder: string, attacked: Attacked): Promise<SurrogateFile> {
  const { submission, digest, sent } = await readSubmission(folder);
  const refuse = (came: string, hint: string) => {
    throw new ParapetError('usage', `surrogate ${id}: ${came}`, hint);
  };
  const isSame =
    submission.id === attacked.id || attackedOf(submission).files.some((file) => attacked.files.includes(file));
  if (isSame)
    refuse(`it is ${attacked.id} itself, which is attacked`, 'name a model that the attacker would have of their own');
  const [dataset] = submission.datasets;
  if (dataset !== attacked.dataset) {
    refuse(`it is a net of ${dataset}, and ${attacked.id} one of ${attacked.dataset}`, 'name one of the same data set');
  }
  const [own, wanted] = [attackedOf(submission), attacked].map(formOf);
  if (own !== wanted) refuse(`it takes ${own}, and ${attacked.id} ${wanted}`, 'name one of the same shape');
  if (sent === null) {
    throw new ParapetError(
      'submission',
      `surrogate ${id} has no weights`,
      `run: npm run -s parapet -- train ${folder}`,
    );
  }
  return { id, folder: resolve(folder), digest, sent: withoutReferences(sent) };
}

/** Such as: images of 28×28×1 to 10 classes. */
function formOf({ inputShape, classes }: Attacked): string {
  return `images of ${inputShape.join('×')} to ${classes} classes`;
}
