import type { Examples } from '#core/datasets/dataset.ts';
import { ParapetError } from '#core/errors.ts';
import type { Classify } from '#core/evidence/choose.ts';
import { type JudgedBy, votesOf } from '#core/external/judge.ts';
import { withoutReferences } from '#core/models/sent-model.ts';
import { formOf } from '#core/models/submitted-files.ts';
import { loadDataset } from '../files/datasets.ts';
import type { ReadExternal } from '../files/external.ts';
import type { Job } from './messages.ts';
import type { Pool } from './pool.ts';
import { predictAll } from './predict-all.ts';
import { jobOf } from './prepare.ts';

/** What the images of an external evaluation are judged by: its target, and the test set as far as they reach. */
export interface ExternalJob {
  readonly job: Job;
  /** How many answers of the target an image is judged by. */
  readonly answers: number;
  readonly by: JudgedBy;
  readonly examples: Examples & { readonly digest: string };
}

/**
 * The draws of the answer that a row is measured by are known to whoever makes images for it, and can be fitted to. So images for a target that
 * draws are judged by several answers, each with draws of its own.
 */
const ANSWERS_OF_RANDOMISED = 5;

/** @throws ParapetError 'submission' when the target has no weights; 'infrastructure' or 'integrity' for the data */
export async function externalJob(
  { target, track, examples: { index } }: ReadExternal,
  signal?: AbortSignal,
): Promise<ExternalJob> {
  const { submission, digest, sent } = target;
  if (sent === null) throw new ParapetError('submission', `${submission.id} has no weights to judge images by`);
  const { classes } = formOf(submission);
  const examples = await loadDataset(track.dataset, 'test', { limit: (index.at(-1) ?? 0) + 1, signal });
  const size = examples.x.length / examples.count;
  return {
    // The images are judged by the model alone: its workers need nothing that an attack was crafted on.
    job: jobOf(withoutReferences(sent), digest, [], { examples, classes }),
    answers: submission.randomised ? ANSWERS_OF_RANDOMISED : 1,
    by: {
      track,
      clean: (position) => examples.x.subarray(position * size, (position + 1) * size),
      label: (position) => examples.y[position] as number,
      classes,
    },
    examples,
  };
}

/**
 * Scores by the workers of a pool: logits, or of several answers how many say each class.
 * @param onImages told how many more are done
 */
export function classifyOn(
  pool: () => Promise<Pool>,
  { job, answers, by }: Pick<ExternalJob, 'job' | 'answers' | 'by'>,
  onImages: (count: number) => void = () => {},
): Classify {
  return async (x) => {
    const workers = await pool();
    const told = (count: number) => onImages(count / answers);
    const ask = (answer: number) => predictAll(workers, job, x, told, answer);
    if (answers === 1) return ask(0);
    const all = await Promise.all(Array.from({ length: answers }, (_, answer) => ask(answer)));
    return votesOf(all, by.classes);
  };
}
