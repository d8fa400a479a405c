import { sha256 } from '#core/digest.ts';
import { ParapetError } from '#core/errors.ts';
import type { SentModel } from '#core/models/sent-model.ts';
import type { FileEntry, ModelEntry } from './catalogue.ts';

/** Fetches the files of models and checks them; each model is fetched once. */
export type WeightsLoader = (model: ModelEntry) => Promise<SentModel>;

async function fetchWeights({ name, nets, files }: ModelEntry): Promise<SentModel> {
  const fetched = await Promise.all(files.map(async (file) => [file.name, await fetchFile(name, file)] as const));
  return { submission: { ...nets, files: Object.fromEntries(fetched) } };
}

/** @param name of the model, as a message has it */
async function fetchFile(name: string, { href, bytes, sha256: wanted }: FileEntry): Promise<Uint8Array> {
  let response: Response;
  let weights: Uint8Array;
  try {
    response = await fetch(href);
    weights = new Uint8Array(await response.arrayBuffer());
  } catch {
    throw new ParapetError(
      'infrastructure',
      `The weights of ${name} could not be fetched.`,
      'You may be offline: check the connection and try again.',
    );
  }
  if (!response.ok) {
    throw new ParapetError(
      'infrastructure',
      `The weights of ${name} could not be fetched: the server answered ${response.status}.`,
      'Try again, or pick another model.',
    );
  }
  if (weights.length !== bytes || sha256(weights) !== wanted) {
    throw new ParapetError(
      'integrity',
      `The weights of ${name} arrived damaged: their SHA-256 is not the published one.`,
      'They are not used. Try again; if it stays so, tell the people who run this site.',
    );
  }
  return weights;
}

/** A loader with its own memory of what was fetched. */
export function createWeightsLoader(): WeightsLoader {
  const loading = new Map<string, Promise<SentModel>>();
  return (model) => {
    let weights = loading.get(model.sha256);
    if (weights === undefined) {
      weights = fetchWeights(model);
      loading.set(model.sha256, weights);
      weights.catch(() => loading.delete(model.sha256));
    }
    return weights;
  };
}
