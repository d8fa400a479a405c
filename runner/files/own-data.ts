/** Data of a person's own: what it is, and its examples as a model takes them. */
import { readFile, realpath, stat } from 'node:fs/promises';
import { basename, extname, resolve } from 'node:path';
import type { Examples } from '#core/datasets/dataset.ts';
import { digestOf } from '#core/digest.ts';
import { ParapetError } from '#core/errors.ts';
import type { Classifier } from '#core/models/classifier.ts';
import { errorCode, fileError } from './file-error.ts';
import { readOwnArrays } from './own-arrays.ts';
import { readOwnPictures } from './own-pictures.ts';
import { readRegularFile } from './regular-file.ts';
import { sha256Of } from './sha256.ts';

const MOST_BYTES = 2 ** 32;
const MOST_NAMES_BYTES = 2 ** 22;

/** What to do with files that people are likely to have. */
const ways: Readonly<Record<string, string>> = {
  '.npy': ': np.savez("data.npz", x=np.load("x.npy"), y=np.load("y.npy"))',
  '.pt': ': np.savez("data.npz", x=images.numpy(), y=labels.numpy())',
  '.zip': ': unpack it first',
  '.tar': ': unpack it first',
  '.gz': ': unpack it first',
};

/** Where the data lies. */
export interface OwnDataSource {
  /** A folder with a folder of pictures for each class, or an .npz or .safetensors file with x and y. */
  readonly path: string;
  /** A file with the name of each class on a line of its own, in the order of the model's scores. */
  readonly classes?: string;
}

export interface OwnExamples extends Examples {
  /** What was done to them that a person should know. */
  readonly notes: readonly string[];
}

export interface OwnData {
  /** Name of the folder or file, fit for a path. */
  readonly id: string;
  readonly count: number;
  /** Changes with any image, label or name of a class. */
  readonly digest: string;
  readonly classNames: readonly string[] | null;
  /** Whether images can be made what the model takes; arrays must be. */
  readonly resizable: boolean;
  /** [height, width, channels] of an image. */
  readonly shape: Classifier['inputShape'];
  /**
   * @param limit at most so many examples from the start
   * @throws ParapetError 'usage' when images and model do not go together
   */
  load(limit: number, model: Pick<Classifier, 'inputShape' | 'classes'>): Promise<OwnExamples>;
}

/** @throws ParapetError 'usage' that says what is wrong with the data */
export async function readOwnData({ path, classes }: OwnDataSource): Promise<OwnData> {
  const names = classes === undefined ? null : await readNames(classes);
  const id =
    basename(resolve(path), extname(path))
      .replace(/[^A-Za-z0-9._-]+/g, '-')
      .replace(/^[^A-Za-z0-9]+/, '') || 'data';
  const found = await stat(path).catch((error) => {
    if (errorCode(error) !== 'ENOENT') throw fileError('read', path, error);
    throw new ParapetError('usage', `--data: ${path}: there is no such file or folder`, 'check the path');
  });
  if (found.isDirectory()) {
    const pictures = await readOwnPictures(path, names);
    return {
      ...pictures,
      id,
      digest: digestOf({ pictures: pictures.digest, classNames: pictures.classNames }),
      resizable: true,
      async load(limit, { inputShape, classes: scores }) {
        checkCount(pictures.classNames.length, scores, names === null ? `${path} has folders for` : `${classes} names`);
        return pictures.load(limit, inputShape);
      },
    };
  }
  const extension = extname(path).toLowerCase();
  if (extension !== '.npz' && extension !== '.safetensors') {
    throw new ParapetError(
      'usage',
      `--data: ${path} is a file ${extension === '' ? 'without an ending' : `of the kind ${extension}`}`,
      `wanted a folder with a folder of pictures for each class, or .npz or .safetensors with x and y${ways[extension] ?? ''}`,
    );
  }
  const bytes = await readRegularFile(await realpath(path), MOST_BYTES);
  const arrays = readOwnArrays(bytes, path);
  return {
    id,
    count: arrays.count,
    digest: digestOf({ file: sha256Of(bytes), classNames: names }),
    classNames: names,
    resizable: false,
    shape: arrays.shape,
    async load(limit, { inputShape, classes: scores }) {
      if (names !== null) checkCount(names.length, scores, `${classes} names`);
      const bad = arrays.y.findIndex((label) => label >= scores);
      if (bad >= 0) {
        throw new ParapetError(
          'usage',
          `${path}: y[${bad}] is ${arrays.y[bad]}; the model gives ${scores} scores, of classes 0 to ${scores - 1}`,
          'number the classes from 0 as the model does',
        );
      }
      return { ...arrays.load(limit, inputShape), notes: [] };
    },
  };
}

function checkCount(came: number, scores: number, what: string): void {
  if (came === scores) return;
  throw new ParapetError(
    'usage',
    `${what} ${came} classes; the model gives ${scores} scores`,
    came < scores
      ? 'name every class in the order of the scores, a line each, in a file: --classes names.txt'
      : 'leave only classes that the model knows, in the order of its scores',
  );
}

async function readNames(path: string): Promise<string[]> {
  const text = await readFile(path).catch((error) => {
    throw fileError('read', path, error);
  });
  if (text.length > MOST_NAMES_BYTES) {
    throw new ParapetError('usage', `--classes: ${path} has ${text.length} bytes; wanted at most ${MOST_NAMES_BYTES}`);
  }
  const names = text
    .toString('utf8')
    .replace(/^\ufeff/, '')
    .trimEnd()
    .split(/\r?\n/)
    .map((name) => name.trim());
  const empty = names.indexOf('');
  if (empty >= 0)
    throw new ParapetError('usage', `--classes: ${path}: line ${empty + 1} is empty; wanted a name on each line`);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw new ParapetError('usage', `--classes: ${path}: '${twice}' stands in it twice`);
  return names;
}
