import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { architectures } from '#core/models/index.ts';
import { encodeSafetensors } from '#core/models/safetensors.ts';
import { exampleRandom } from '#core/random.ts';
import { type Built, buildSite } from './build.ts';
import { fixtureSubmission } from './fixtures.ts';

/** Weights that were never trained: of He's variances, drawn from a seed. */
function untrained(seed: number): Uint8Array {
  const parameters = architectures.find(({ id }) => id === 'papernot-mnist')?.parameters ?? [];
  const tensors = parameters.map(({ name, shape, fan }, i) => {
    const size = shape.reduce((product, side) => product * side, 1);
    const scale = fan === null ? 0 : Math.sqrt(2 / fan.in);
    return [name, { shape, data: exampleRandom(seed, 'untrained').normal([i], 0, size).map((v) => v * scale) }] as const;
  });
  return encodeSafetensors(Object.fromEntries(tensors));
}

export interface LabSite {
  readonly built: Built;
  /** Weights by submission. */
  readonly weights: Readonly<Record<string, Uint8Array>>;
  /** Whether they are the committed ones; else they are random. */
  readonly trained: boolean;
}

/** The site with two models to attack: the committed ones, or untrained nets while those are not committed. */
export async function buildLabSite(): Promise<LabSite> {
  const ids = ['Undefended', 'Papernot2016Distillation'];
  const paths = ids.map((id) => join('submissions', id, 'model.safetensors'));
  const trained = paths.every((path) => existsSync(path));
  const contents = await Promise.all(paths.map((path, i) => (trained ? readFile(path) : untrained(i + 1))));
  const submissions = ids.map((id) =>
    fixtureSubmission({
      id,
      model: { format: 'safetensors', architecture: 'papernot-mnist', file: 'model.safetensors', output: 'logits' },
    }),
  );
  const built = await buildSite(submissions, [], {
    files: Object.fromEntries(paths.map((path, i) => [path, contents[i] as Uint8Array])),
  });
  return { built, weights: Object.fromEntries(ids.map((id, i) => [id, contents[i] as Uint8Array])), trained };
}
