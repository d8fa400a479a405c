import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { findArchitecture } from '#core/models/index.ts';
import { encodeSafetensors } from '#core/models/safetensors.ts';
import { initialWeights } from '#core/training/initial-weights.ts';

/**
 * Makes a submission for tests: Papernot's MNIST net as it is before training, which says the same of nearly every image.
 * @param likely class that it says
 * @param change what is wrong with its weights; nothing when absent
 * @returns its folder
 */
export async function makeSubmission(
  parent: string,
  likely: number,
  change: (weights: Record<string, Float32Array>) => void = () => {},
): Promise<string> {
  const architecture = findArchitecture('papernot-mnist');
  const weights: Record<string, Float32Array> = { ...initialWeights(architecture, 1) };
  const last = architecture.parameters.at(-1)?.name ?? '';
  (weights[last] as Float32Array)[likely] = 0.05;
  change(weights);
  const tensors = architecture.parameters.map(({ name, shape }) => {
    const data = weights[name] as Float32Array;
    const fits = data.length === shape.reduce((product, side) => product * side, 1);
    return [name, { shape: fits ? shape : [data.length], data }] as const;
  });
  const bytes = encodeSafetensors(Object.fromEntries(tensors));
  const folder = join(parent, 'Test2026Net');
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'weights.safetensors'), bytes);
  const manifest = {
    id: 'Test2026Net',
    name: 'A net for tests',
    authors: ['Parapet'],
    licence: 'CC0-1.0',
    datasets: ['mnist'],
    model: {
      format: 'safetensors',
      architecture: architecture.id,
      file: 'weights.safetensors',
      sha256: createHash('sha256').update(bytes).digest('hex'),
    },
  };
  // JSON is YAML.
  await writeFile(join(folder, 'submission.yaml'), JSON.stringify(manifest, null, 2));
  return folder;
}
