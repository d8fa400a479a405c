import { type ExternalResult, parseExternalResult } from '#core/external-result.ts';
import { readPublished } from './read-result.ts';

/**
 * Reads one published result of an external evaluation; see `readPublished`.
 * @param path `external/<track>/<id>.json` below the folder
 */
export function readExternal(folder: string, path: string): Promise<ExternalResult> {
  return readPublished(folder, path, {
    parse: parseExternalResult,
    idOf: ({ evaluation }) => evaluation.id,
    placeOf: ({ track }) => `external/${track}`,
  });
}
