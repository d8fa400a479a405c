import { dirname } from 'node:path';
import { findDataset } from '#core/datasets/index.ts';
import { ParapetError } from '#core/errors.ts';
import type { Evaluation } from '#core/evaluate.ts';
import { scanLength } from '#core/evaluation/phases.ts';
import type { InspectOutcome } from '#core/evaluation/tasks.ts';
import type { Classifier } from '#core/models/classifier.ts';
import type { Result } from '#core/result.ts';
import { resolveSuite } from '#core/suites/resolve.ts';
import type { Suite } from '#core/suites/suite.ts';
import type { Track } from '#core/tracks.ts';
import { loadDataset } from '../files/datasets.ts';
import { type ReadModelFile, readModelFile } from '../files/model-file.ts';
import { evidenceFileName } from '../files/results.ts';
import type { Job, ModelFile } from './messages.ts';
import type { Pool } from './pool.ts';
import { identityOf, type Prepared } from './prepare.ts';
import { readSurrogates } from './surrogates.ts';

/** What a person asked to have evaluated of a model of their own. */
export interface OwnRequest {
  readonly model: Pick<ModelFile, 'path' | 'architecture'>;
  readonly track: Track;
  readonly suite: Suite;
  /** So many examples at most; all of the suite's when absent. */
  readonly count?: number | undefined;
  readonly seed: number;
}

/** What an own model is, as a result names it. */
export interface OwnModel {
  readonly file: ReadModelFile;
  readonly form: InspectOutcome;
  readonly job: Pick<Job, 'folder' | 'model' | 'submissionDigest'>;
}

/**
 * Opens the model in a worker, and says what it takes and gives.
 * @param inputShape of the images there are, where they decide it
 * @throws ParapetError 'usage' or 'submission' that says what is wrong with the file
 */
export async function openOwnModel(
  { path, architecture }: OwnRequest['model'],
  pool: Pool,
  inputShape?: Classifier['inputShape'],
): Promise<OwnModel> {
  const file = await readModelFile(path, architecture);
  const model = { path, architecture, ...(inputShape && { inputShape }) };
  const job = { folder: dirname(path), model, submissionDigest: file.digest };
  const form = await pool.run({ ...job, dataset: '', datasetDigest: '', limit: 0 }, { kind: 'inspect' }, [0, 0]);
  return { file, form, job };
}

/**
 * Reads and checks the model and the data, before anything is attacked.
 * @param name of the files of the result, without an ending
 * @throws ParapetError 'usage' or 'submission' for what does not go together; 'infrastructure' or 'integrity' for the data
 */
export async function prepareOwn(
  { model, track, suite, count = suite.examples.count, seed }: OwnRequest,
  { pool, backend, code, name }: { pool: Pool; backend: Result['backend']; code: Result['code']; name: string },
  signal?: AbortSignal,
): Promise<Prepared> {
  const { shape, classNames } = findDataset(track.dataset);
  const { file, form, job } = await openOwnModel(model, pool, shape);
  if (form.inputShape.join() !== shape.join() || form.classes !== classNames.length) {
    throw new ParapetError(
      'submission',
      `${file.name} takes images of ${form.inputShape.join(' × ')} and gives ${form.classes} scores; ` +
        `track ${track.id} has images of ${shape.join(' × ')} and ${classNames.length} classes`,
      'choose the track that the model was made for, or name data of your own by --data',
    );
  }
  const resolved = resolveSuite(suite, track);
  const id = ownId(file.name);
  const attacked = { id, sha256: file.sha256, dataset: track.dataset, ...form };
  const surrogates = await readSurrogates(resolved.lines, attacked);
  const limit = suite.examples.which === 'first' ? Math.min(count, suite.examples.count) : undefined;
  const examples = await loadDataset(track.dataset, 'test', { limit, signal });
  const evaluation: Evaluation = {
    submission: { id, digest: file.digest },
    model: modelOf(model, file, form.notes),
    surrogates: Object.fromEntries(surrogates.map((surrogate) => [surrogate.id, surrogate.digest])),
    suite: resolved,
    count,
    seed,
    dataset: { id: track.dataset, split: 'test', digest: examples.digest },
    examples,
    classes: form.classes,
    backend,
    code,
    evidenceFile: evidenceFileName(name),
  };
  return {
    evaluation,
    job: {
      ...job,
      surrogates,
      dataset: track.dataset,
      datasetDigest: examples.digest,
      limit: scanLength(evaluation),
    },
    identity: identityOf(evaluation),
  };
}

/** What the files of a result may be named after: the name of the model file without its ending and without what no name may hold. */
export function ownId(name: string): string {
  const plain = name
    .replace(/\.(onnx|safetensors|json)$/i, '')
    .replace(/[^A-Za-z0-9._-]+/g, '-')
    .replace(/^[^A-Za-z0-9]+/, '');
  return plain === '' ? 'model' : plain.slice(0, 80);
}

function modelOf(
  { architecture }: OwnRequest['model'],
  { name, sha256, weightsSha256 }: ReadModelFile,
  notes: readonly string[],
): NonNullable<Result['model']> {
  return {
    file: name,
    sha256,
    ...(weightsSha256 === null ? {} : { weightsSha256 }),
    ...(architecture === null ? {} : { architecture }),
    notes: [...notes],
  };
}
