import type { Examples } from '#core/datasets/dataset.ts';
import { ParapetError } from '#core/errors.ts';
import type { Classify } from '#core/evidence/choose.ts';
import type { JudgedBy } from '#core/external/judge.ts';
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
  readonly by: JudgedBy;
  readonly examples: Examples & { readonly digest: string };
}

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
    by: {
      track,
      clean: (position) => examples.x.subarray(position * size, (position + 1) * size),
      label: (position) => examples.y[position] as number,
      classes,
    },
    examples,
  };
}

/** Logits by the workers of a pool. @param onImages told how many more are done */
export function classifyOn(
  pool: () => Promise<Pool>,
  { job }: ExternalJob,
  onImages: (count: number) => void = () => {},
): Classify {
  return async (x) => predictAll(await pool(), job, x, onImages);
}
