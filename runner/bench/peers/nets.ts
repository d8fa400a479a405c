import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { findDataset } from '#core/datasets/index.ts';
import { ParapetError } from '#core/errors.ts';
import { encodeSafetensors } from '#core/models/safetensors.ts';
import type { Norm } from '#core/projections.ts';
import { tracks } from '#core/tracks.ts';
import { loadDataset } from '../../files/datasets.ts';
import { readSubmission } from '../../files/submissions.ts';

const submissions = join(import.meta.dirname, '../../../submissions');

/** A net under attack: a submission's, by its files. */
export interface Net {
  readonly id: string;
  readonly dataset: string;
  readonly architecture: string;
  readonly inputShape: readonly [height: number, width: number, channels: number];
  readonly classes: number;
  readonly weights: string;
  readonly sha256: string;
}

/**
 * @param name id of a submission, in upper or lower case
 * @throws ParapetError 'usage' that lists the submissions there are, 'submission' for one without a net of ours
 */
export async function findNet(name: string): Promise<Net> {
  const ids = await readdir(submissions);
  const id = ids.find((candidate) => candidate.toLowerCase() === name.toLowerCase());
  if (id === undefined) {
    throw new ParapetError('usage', `--nets: there is no '${name}'`, `the submissions are ${ids.join(', ')}`);
  }
  const { submission, folder } = await readSubmission(join(submissions, id));
  const { model } = submission;
  if (model?.format !== 'safetensors' || model.file === undefined || model.sha256 === undefined) {
    throw new ParapetError('submission', `${id} has no safetensors weights`, `npm run -s parapet -- train ${folder}`);
  }
  const { architecture, file, sha256, preprocessing } = model;
  if (submission.defenses.length > 0 || preprocessing !== undefined) {
    throw new ParapetError('submission', `${id} is more than a net: the peers are given bare nets with logits`);
  }
  const dataset = findDataset(submission.datasets[0] as string);
  const { id: datasetId, shape, classNames } = dataset;
  const classes = classNames.length;
  return { id, dataset: datasetId, architecture, inputShape: shape, classes, weights: join(folder, file), sha256 };
}

/** The radius that the data set is ranked at in a norm; null where there is none. */
export function trackEpsilon(dataset: string, norm: Norm): number | null {
  return tracks.find((track) => track.dataset === dataset && track.norm === norm)?.epsilon ?? null;
}

/** Images, their classes and, where each wrong class is a target, the targets. */
export interface Rows {
  readonly x: Float32Array;
  readonly y: Int32Array;
  readonly target: Int32Array | null;
  /** Position of each row's image in the test set. */
  readonly examples: Int32Array;
}

/** The first images of a net's test set; with targets 'all' each of them once per wrong class, one after the other. */
export async function rowsOf(net: Net, images: number, targets: 'untargeted' | 'all'): Promise<Rows> {
  const { x, y, count } = await loadDataset(net.dataset, 'test', { limit: images });
  if (targets === 'untargeted')
    return { x, y, target: null, examples: Int32Array.from({ length: count }, (_, i) => i) };
  const others = net.classes - 1;
  const size = x.length / count;
  const examples = Int32Array.from({ length: count * others }, (_, row) => Math.floor(row / others));
  const repeated = new Float32Array(examples.length * size);
  for (const [row, image] of examples.entries()) {
    repeated.set(x.subarray(image * size, (image + 1) * size), row * size);
  }
  const labels = examples.map((image) => y[image] as number);
  const target = labels.map((label, row) => (label + 1 + (row % others)) % net.classes);
  return { x: repeated, y: labels, target, examples };
}

/** Writes rows as safetensors, for another process: `x` [rows, h, w, c], `y`, `example` and perhaps `target` [rows]. */
export async function writeRows(file: string, { x, y, target, examples }: Rows, net: Net): Promise<void> {
  const shape = [y.length];
  const tensors = {
    x: { shape: [...shape, ...net.inputShape], data: x },
    y: { shape, data: y },
    example: { shape, data: examples },
  };
  await writeFile(file, encodeSafetensors(target === null ? tensors : { ...tensors, target: { shape, data: target } }));
}
