import { basename } from 'node:path';
import type { Examples } from '#core/datasets/dataset.ts';
import { findDataset } from '#core/datasets/index.ts';
import { ParapetError } from '#core/errors.ts';
import type { Evaluation } from '#core/evaluate.ts';
import type { InspectOutcome } from '#core/evaluation/tasks.ts';
import type { Classifier } from '#core/models/classifier.ts';
import type { SentModel } from '#core/models/sent-model.ts';
import type { Norm } from '#core/projections.ts';
import type { Result } from '#core/result.ts';
import { ownSuite, withOwnAttack } from '#core/suites/own.ts';
import { type ResolvedSuite, resolveSuite } from '#core/suites/resolve.ts';
import type { Suite } from '#core/suites/suite.ts';
import { ownThreat, type ThreatModel, type Track } from '#core/tracks.ts';
import { loadDataset } from '../files/datasets.ts';
import { type ReadModelFile, readModelFile } from '../files/model-file.ts';
import { loadOwnAttack, type OwnAttack } from '../files/own-attack.ts';
import { type OwnDataSource, readOwnData } from '../files/own-data.ts';
import { evidenceFileName } from '../files/results.ts';
import type { Job } from './messages.ts';
import type { Pool } from './pool.ts';
import { identityOf, jobOf, type Prepared } from './prepare.ts';
import { readSurrogates, type SurrogateFile } from './surrogates.ts';

/** Images and what the attacker may do to them: those of a track, or a person's own. */
export type OwnTarget = { readonly track: Track } | OwnThreat;

export interface OwnThreat {
  readonly data: OwnDataSource;
  readonly norm: Norm;
  readonly epsilon: number;
}

/** A model file of a person's own. */
export interface OwnModel {
  readonly path: string;
  /** What safetensors are weights of; null for files that say it themselves. */
  readonly architecture: string | null;
}

/** What a person asked to have evaluated of a model of their own. */
export interface OwnRequest {
  readonly model: OwnModel;
  readonly on: OwnTarget;
  readonly suite: Suite;
  /** So many examples at most; all of the suite's when absent. */
  readonly count?: number | undefined;
  readonly seed: number;
  /** File of an attack of their own, which is run beside the suite's. */
  readonly attack?: string | undefined;
}

export interface PreparedOwn extends Prepared {
  /** What a person should know of what was made of the model and the data. */
  readonly notes: readonly string[];
  readonly inputShape: Classifier['inputShape'];
}

/** A model, and the images that it is to be attacked on. */
interface Subject {
  readonly file: ReadModelFile;
  readonly form: InspectOutcome;
  readonly sent: SentModel;
  readonly suite: ResolvedSuite;
  readonly surrogates: readonly SurrogateFile[];
  readonly examples: Examples;
  readonly dataset: Result['dataset'];
}

interface Setting {
  readonly pool: Pool;
  readonly backend: Result['backend'];
  readonly code: Result['code'];
  /** Of the files of the result, without an ending. */
  readonly name: string;
}

/**
 * Reads and checks the model and the data, before anything is attacked.
 * @throws ParapetError 'usage' or 'submission' for what does not go together; 'infrastructure' or 'integrity' for the data
 */
export async function prepareOwn(
  request: OwnRequest,
  { pool, backend, code, name }: Setting,
  signal?: AbortSignal,
): Promise<PreparedOwn> {
  const { on, suite, count = suite.examples.count, seed } = request;
  const own = request.attack === undefined ? null : await loadOwnAttack(request.attack);
  const subject =
    'track' in on ? await onTrack(request, on.track, own, pool, signal) : await onOwnData(request, on, own, pool);
  const { file, form, sent, surrogates, examples, dataset } = subject;
  const evaluation: Evaluation = {
    submission: { id: ownId(file.name), digest: file.digest },
    model: modelOf(request.model, file, form.notes),
    surrogates: Object.fromEntries(surrogates.map((surrogate) => [surrogate.id, surrogate.digest])),
    suite: subject.suite,
    count,
    seed,
    dataset,
    examples,
    classes: form.classes,
    backend,
    code,
    evidenceFile: evidenceFileName(name),
  };
  const plain = jobOf(sent, file.digest, surrogates, evaluation);
  const job: Job = own === null ? plain : { ...plain, models: { ...plain.models, attackFile: own.file } };
  const notes = [...form.notes, ...(dataset.notes ?? [])];
  return { evaluation, job, identity: identityOf(evaluation), notes, inputShape: form.inputShape };
}

async function onTrack(
  { model: named, suite, count = suite.examples.count }: OwnRequest,
  track: Track,
  own: OwnAttack | null,
  pool: Pool,
  signal?: AbortSignal,
): Promise<Subject> {
  const { shape, classNames } = findDataset(track.dataset);
  const opened = await open(named, pool, shape);
  const { file, form } = opened;
  if (form.inputShape.join() !== shape.join() || form.classes !== classNames.length) {
    throw new ParapetError(
      'submission',
      `${file.name} takes images of ${form.inputShape.join(' × ')} and gives ${form.classes} scores; ` +
        `track ${track.id} has images of ${shape.join(' × ')} and ${classNames.length} classes`,
      'choose the track that the model was made for, or name data of your own by --data',
    );
  }
  const resolved = resolveSuite(extended(suite, track, own), track);
  const attacked = { id: ownId(file.name), files: [file.sha256], dataset: track.dataset, ...form };
  const surrogates = await readSurrogates(resolved.lines, attacked);
  const examples = await loadDataset(track.dataset, 'test', { limit: limitOf(suite, count), signal });
  const dataset = { id: track.dataset, split: 'test', digest: examples.digest } as const;
  return { ...opened, suite: resolved, surrogates, examples, dataset };
}

async function onOwnData(
  { model: named, suite, count = suite.examples.count }: OwnRequest,
  { data: source, norm, epsilon }: OwnThreat,
  own: OwnAttack | null,
  pool: Pool,
): Promise<Subject> {
  const data = await readOwnData(source);
  // Pictures are made what the model takes, so it is asked first; where it leaves that open, they decide.
  const opened = data.resizable
    ? await open(named, pool).catch((error) => open(named, pool, data.shape).catch(() => Promise.reject(error)))
    : await open(named, pool, data.shape);
  const { form } = opened;
  const threat = ownThreat(data.id, norm, epsilon);
  checkRadius(threat, form);
  const size = form.inputShape.reduce((product, side) => product * side, 1);
  const fitted = ownSuite(suite, threat, { size, classes: form.classes });
  const resolved = resolveSuite(extended(fitted, threat, own), threat);
  const { notes, ...examples } = await data.load(limitOf(suite, count) ?? data.count, form);
  const dataset: Result['dataset'] = {
    id: data.id,
    split: 'own',
    digest: data.digest,
    ...(data.classNames === null ? {} : { classNames: [...data.classNames] }),
    ...(notes.length === 0 ? {} : { notes: [...notes] }),
  };
  return { ...opened, suite: resolved, surrogates: [], examples, dataset };
}

function extended(suite: Suite, threat: ThreatModel, own: OwnAttack | null): Suite {
  if (own === null) return suite;
  return withOwnAttack(suite, threat, own.attack, { name: basename(own.file.path), sha256: own.file.sha256 });
}

/** Opens the model in a worker, and asks what it takes and gives. */
async function open({ path, architecture }: OwnModel, pool: Pool, inputShape?: Classifier['inputShape']) {
  const file = await readModelFile(path, architecture);
  const sent = file.sent(inputShape);
  const nothing = { x: new Float32Array(), y: new Int32Array(), count: 0, digest: '' };
  const job = jobOf(sent, `${file.digest} ${inputShape ?? ''}`, [], { examples: nothing, classes: 0 });
  return { file, sent, form: await pool.run(job, { kind: 'inspect' }, [0, 0]) };
}

function limitOf({ examples }: Suite, count: number): number | undefined {
  return examples.which === 'first' ? Math.min(count, examples.count) : undefined;
}

/** A radius as wide as the whole range of pixels is a mistake of units. */
function checkRadius({ norm, epsilon }: ThreatModel, { inputShape }: Pick<Classifier, 'inputShape'>): void {
  const size = inputShape.reduce((product, side) => product * side, 1);
  const widest = { Linf: 1, L2: Math.sqrt(size), L1: size, L0: size }[norm];
  if (epsilon < widest) return;
  throw new ParapetError(
    'usage',
    `--epsilon: ${epsilon} in ${norm} allows any image at all; wanted less than ${Number(widest.toPrecision(4))}`,
    'pixels are from 0 to 1: --epsilon 8/255, not 8',
  );
}

/** What the files of a result may be named after: a name without its ending, and without what no name of a file should hold. */
export function ownId(name: string): string {
  const plain = name
    .replace(/\.(onnx|safetensors|json)$/i, '')
    .replace(/[^A-Za-z0-9._-]+/g, '-')
    .replace(/^[^A-Za-z0-9]+/, '');
  return plain === '' ? 'model' : plain.slice(0, 80);
}

function modelOf(
  { architecture }: OwnModel,
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
