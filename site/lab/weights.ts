import { sha256 } from '#core/digest.ts';
import { ParapetError } from '#core/errors.ts';
import type { ModelEntry } from './catalogue.ts';

/** Fetches the weights of models and checks them; each is fetched once. */
export type WeightsLoader = (model: ModelEntry) => Promise<Uint8Array>;

async function fetchWeights({ name, href, bytes, sha256: wanted }: ModelEntry): Promise<Uint8Array> {
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
  const loading = new Map<string, Promise<Uint8Array>>();
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
