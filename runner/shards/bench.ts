import { performance } from 'node:perf_hooks';
import type { Examples } from '#core/datasets/dataset.ts';
import { ParapetError } from '#core/errors.ts';
import type { Bench } from '#core/evaluation/perform.ts';
import type { Classifier } from '#core/models/classifier.ts';
import { loadClassifier } from '#core/models/index.ts';
import { loadDataset } from '../files/datasets.ts';
import { readModelFile } from '../files/model-file.ts';
import { readSubmission } from '../files/submissions.ts';
import type { Job, ModelFile } from './messages.ts';

/** Benches that are kept open; a job comes with many tasks, and two jobs overlap where one ends and the next begins. */
const KEPT = 3;

/** Opens what tasks are done on, and keeps the last few open. */
export function benches(): (job: Job) => Promise<Bench> {
  const open = new Map<string, Promise<Bench>>();
  return (job) => {
    const key = JSON.stringify(job);
    const found = open.get(key) ?? openBench(job);
    open.delete(key);
    open.set(key, found);
    const oldest = open.keys().next().value;
    if (open.size > KEPT && oldest !== undefined) {
      open.get(oldest)?.then(
        ({ classifier, surrogates = {} }) => {
          classifier.dispose();
          for (const surrogate of Object.values(surrogates)) surrogate.dispose();
        },
        () => {},
      );
      open.delete(oldest);
    }
    return found;
  };
}

/** @throws ParapetError 'submission' when it has no weights or they do not fit; 'integrity' when files changed meanwhile */
async function openBench(job: Job): Promise<Bench> {
  const classifier =
    job.model === undefined
      ? await openModel(job.folder, job.submissionDigest)
      : await openModelFile(job.model, job.submissionDigest);
  const surrogates: Record<string, Classifier> = {};
  for (const { id, folder, digest } of job.surrogates ?? []) surrogates[id] = await openModel(folder, digest);
  return { classifier, surrogates, examples: await openExamples(job), now: () => performance.now() };
}

async function openExamples({ dataset, datasetDigest, limit }: Job): Promise<Examples> {
  if (limit === 0) return { x: new Float32Array(), y: new Int32Array(), count: 0 };
  const examples = await loadDataset(dataset, 'test', { limit });
  if (examples.digest !== datasetDigest) throw changed(`data set ${dataset}`);
  return examples;
}

async function openModelFile({ path, architecture, inputShape }: ModelFile, wanted: string): Promise<Classifier> {
  const model = await readModelFile(path, architecture);
  if (model.digest !== wanted) throw changed(path);
  return model.load(inputShape);
}

async function openModel(folder: string, wanted: string): Promise<Classifier> {
  const { submission, digest, model } = await readSubmission(folder);
  if (digest !== wanted) throw changed(folder);
  if (model === null) {
    throw new ParapetError(
      'submission',
      `${submission.id} has no weights`,
      `run: npm run -s parapet -- train ${folder}`,
    );
  }
  return loadClassifier(submission.model.architecture, model);
}

function changed(what: string): ParapetError {
  return new ParapetError(
    'integrity',
    `${what} changed while it was being evaluated`,
    'leave the files alone and run again',
  );
}
