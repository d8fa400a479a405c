/** What a visitor may take away: the images of an attack with everything that is needed to compute them again. */
import { encodeSafetensors } from '#core/models/safetensors.ts';
import { type Catalogue, SIDE } from './catalogue.ts';
import { make } from './dom.ts';
import type { Finished } from './results.ts';
import { optionsOf, surrogatesOf } from './settings.ts';

/** What the images are and how they came about. */
function facts({ state, reply }: Finished, catalogue: Catalogue) {
  const { norm, seed, target, digit } = state;
  const surrogates = surrogatesOf(state, catalogue).map(({ id, sha256 }) => ({ id, sha256 }));
  return {
    model: { id: state.model, sha256: catalogue.models.find(({ id }) => id === state.model)?.sha256 ?? '' },
    ...(surrogates.length === 0 ? {} : { surrogates }),
    attack: { id: state.attack, options: optionsOf(state, catalogue), target: target === 'any' ? null : target },
    norm,
    epsilon: Number.isFinite(state.epsilon) ? state.epsilon : null,
    seed,
    image: digit === 'drawn' ? 'drawn' : `mnist test ${digit}`,
    label: reply.y[0],
    before: reply.before[0],
    after: reply.after[0],
    logitsBefore: Array.from(reply.logitsBefore),
    logitsAfter: Array.from(reply.logitsAfter),
    success: reply.success[0] === 1,
    distance: Object.fromEntries(Object.entries(reply.distance).map(([name, values]) => [name, values[0]])),
  };
}

/** JSON with the facts and both images as lists of 784 numbers. */
export function asJson(finished: Finished, catalogue: Catalogue): string {
  const { x, reply } = finished;
  return `${JSON.stringify({ ...facts(finished, catalogue), x: Array.from(x), xAdv: Array.from(reply.xAdv) })}\n`;
}

/** Both images as float32 [1, 28, 28, 1], with the facts as metadata. */
export function asSafetensors(finished: Finished, catalogue: Catalogue): Uint8Array {
  const shape = [1, SIDE, SIDE, 1];
  return encodeSafetensors(
    { x: { shape, data: finished.x }, xAdv: { shape, data: finished.reply.xAdv } },
    { parapet: JSON.stringify(facts(finished, catalogue)) },
  );
}

/** Has the browser save a file. */
export function save(content: string | Uint8Array, name: string): void {
  const href = URL.createObjectURL(new Blob([content as BlobPart]));
  make('a', { href, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(href), 10_000);
}
