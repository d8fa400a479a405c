/** A model file of a person's own: a graph as ONNX or for TensorFlow.js, or weights as safetensors for an architecture of ours. */
import { createHash } from 'node:crypto';
import { lstat, realpath, stat } from 'node:fs/promises';
import { basename, dirname, extname, join, resolve } from 'node:path';
import { digestOf } from '#core/digest.ts';
import { ParapetError } from '#core/errors.ts';
import type { Classifier } from '#core/models/classifier.ts';
import { exportInstead } from '#core/models/foreign-files.ts';
import { architectures } from '#core/models/index.ts';
import type { SentModel } from '#core/models/sent-model.ts';
import { listingOf } from '#core/models/tfjs/file.ts';
import { errorCode, fileError } from './file-error.ts';
import { readRegularFile } from './regular-file.ts';
import { sha256Of } from './sha256.ts';

/** What ONNX can hold in one file, and what one array can. */
const MOST_BYTES = 2 ** 31;

/** The way out for what is no such file, but a model all the same. */
const exporters: Readonly<Record<string, string>> = {
  '.pb': 'python -m tf2onnx.convert --saved-model folder --output model.onnx',
  '.tflite': 'python -m tf2onnx.convert --tflite model.tflite --output model.onnx',
  '.zip': 'unpack it, and name the model in it',
  '.tar': 'unpack it, and name the model in it',
  '.gz': 'unpack it, and name the model in it',
};

/** A model file with its digests. */
export interface ReadModelFile {
  /** Name of the file, without its folder. */
  readonly name: string;
  readonly sha256: string;
  /** Of the file of weights beside it, or of those files one after the other; null where there is none. */
  readonly weightsSha256: string | null;
  /** SHA-256 over the canonical JSON of these digests and the architecture: changes with anything that decides an answer. */
  readonly digest: string;
  /** @param inputShape [height, width, channels] of the images there are, where they decide what it takes */
  sent(inputShape?: Classifier['inputShape']): SentModel;
}

/** Whether a path on the command line names a model file; anything else is taken for a folder of a submission. */
export function isModelFile(path: string): boolean {
  const extension = extname(path).toLowerCase();
  return ['.onnx', '.safetensors', '.json'].includes(extension) || exportInstead(path) !== null;
}

/** @throws ParapetError 'usage' where a path leads to a file that is neither a model of ours nor the description of a submission */
export async function refuseOtherFile(path: string): Promise<void> {
  const found = await stat(path).catch(() => null);
  const extension = extname(path).toLowerCase();
  if (found?.isFile() !== true || extension === '.yaml') return;
  throw new ParapetError(
    'usage',
    `${path}: is a file ${extension === '' ? 'without an ending' : `of the kind ${extension}`}; wanted .onnx, .safetensors or model.json, or the folder of a submission`,
    exporters[extension] ?? 'give it the ending of what it holds, or export the model as ONNX: docs/own-model.md',
  );
}

/**
 * @param path an .onnx file, whose weights may lie beside it in a file of the same name and `.data`; a .safetensors file; or the
 *   model.json of TensorFlow.js, with the files that it lists beside it
 * @param architecture id of the architecture that safetensors are weights of
 * @throws ParapetError 'usage' for a file that is not there or of another kind, or an architecture too many or too few;
 *   'submission' for one that cannot be read
 */
export async function readModelFile(path: string, architecture: string | null): Promise<ReadModelFile> {
  const extension = extname(path).toLowerCase();
  refuseOther(path, extension, architecture);
  const bytes = await readRegularFile(await realOf(path), MOST_BYTES);
  if (extension === '.json') return readTfjs(path, bytes);
  const weights = extension === '.onnx' ? await readSibling(`${resolve(path)}.data`) : null;
  const [sha256, weightsSha256] = [sha256Of(bytes), weights === null ? null : sha256Of(weights)];
  return {
    name: basename(path),
    sha256,
    weightsSha256,
    digest: digestOf({ model: sha256, weights: weightsSha256, architecture }),
    sent: (inputShape) =>
      architecture === null
        ? { onnx: { name: basename(path), bytes, weights, inputShape: inputShape ?? null } }
        : { architecture, weights: bytes },
  };
}

/** A model.json, with the files of weights that it lists. */
async function readTfjs(path: string, json: Uint8Array): Promise<ReadModelFile> {
  const shards = new Map<string, Uint8Array>();
  const weights = createHash('sha256');
  for (const name of listingOf(json).files) {
    const shard = await readSibling(join(dirname(resolve(path)), name));
    if (shard === null) {
      throw new ParapetError(
        'submission',
        `${basename(path)}: its weights lie in ${name}, which is not beside it`,
        'put all files that were saved with it into one folder',
      );
    }
    shards.set(name, shard);
    weights.update(shard);
  }
  const [sha256, weightsSha256] = [sha256Of(json), weights.digest('hex')];
  return {
    name: basename(path),
    sha256,
    weightsSha256,
    digest: digestOf({ model: sha256, weights: weightsSha256, architecture: null }),
    sent: () => ({ tfjs: { json, shards: Object.fromEntries(shards) } }),
  };
}

function refuseOther(path: string, extension: string, architecture: string | null): void {
  const instead = exportInstead(path);
  if (instead !== null) {
    throw new ParapetError(
      'usage',
      `${path}: ${extension} files can run code when they are opened, and are not read; wanted .onnx, .safetensors or model.json`,
      `export the model once: ${instead}`,
    );
  }
  if (extension !== '.safetensors' && architecture !== null) {
    throw new ParapetError(
      'usage',
      `--architecture: ${path} holds its architecture itself`,
      'leave --architecture away',
    );
  }
  if (extension === '.safetensors' && architecture === null) {
    throw new ParapetError(
      'usage',
      `${path}: weights alone say nothing of the net that they are of`,
      `add --architecture, one of ${architectures.map(({ id }) => id).join(', ')}; or export the model as ONNX`,
    );
  }
}

/** Where a link leads: a model of one's own may lie in a store of models that links to its files. */
async function realOf(path: string): Promise<string> {
  return realpath(path).catch((error) => {
    if (errorCode(error) === 'ENOENT') {
      throw new ParapetError(
        'usage',
        `${path}: there is no such file`,
        'check the path and the folder that you are in',
      );
    }
    throw fileError('read', path, error);
  });
}

/** The file of weights; null where there is none. */
async function readSibling(path: string): Promise<Uint8Array | null> {
  const found = await lstat(path).catch((error) => {
    if (errorCode(error) === 'ENOENT') return null;
    throw fileError('read', path, error);
  });
  return found === null ? null : readRegularFile(path, MOST_BYTES);
}
