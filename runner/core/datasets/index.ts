import { digestOf } from '../digest.ts';
import { ParapetError } from '../errors.ts';
import { cifar10 } from './cifar10.ts';
import type { Dataset, Split } from './dataset.ts';
import { fashionMnist } from './fashion-mnist.ts';
import { mnist } from './mnist.ts';

/** Every data set that a track or a recipe may name. */
export const datasets: readonly Dataset[] = [mnist, fashionMnist, cifar10];

/** @throws ParapetError 'usage' that lists the data sets there are */
export function findDataset(id: string): Dataset {
  const dataset = datasets.find((candidate) => candidate.id === id);
  if (dataset === undefined) {
    const known = datasets.map((d) => d.id).join(', ');
    throw new ParapetError('usage', `data set: there is no '${id}'`, `the data sets are ${known}`);
  }
  return dataset;
}

/** What a result names as its data: SHA-256 over the names, lengths and digests of the split's files, in their order. */
export function splitDigest(dataset: Dataset, split: Split): string {
  return digestOf({ id: dataset.id, split, files: dataset.files[split] });
}
