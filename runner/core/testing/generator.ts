import { encodeSafetensors } from '../models/safetensors.ts';
import { generator, LATENT } from '../training/gan/nets.ts';
import { initialWeights } from '../training/initial-weights.ts';

type Shape = readonly [height: number, width: number, channels: number];

/** The file of a generator as it is before training. */
export function untrainedGenerator(shape: Shape): Uint8Array {
  return fileOf(shape, initialWeights(generator(shape), 1));
}

/**
 * The file of a generator of 4 × 4 images that depend on the first value of z alone, as long as that is above −5: the 4 pixels within, the 8 of the
 * edges and the 4 of the corners are sigmoid(k · (z + 5) / 10 − 1) with k = 4, 2 and 1, for so many cells of the layer before reach them.
 */
export function knownGenerator(): Uint8Array {
  const shape: Shape = [4, 4, 1];
  const weights = Object.fromEntries(
    generator(shape).parameters.map(({ name, shape: sides }) => [
      name,
      new Float32Array(sides.reduce((product, side) => product * side, 1)),
    ]),
  );
  const set = (name: string, at: (i: number) => boolean, value: number) => {
    weights[name] = (weights[name] as Float32Array).map((_, i) => (at(i) ? value : 0));
  };
  set('fc.weight', (i) => i === 0, 1);
  set('fc.bias', (i) => i === 0, 5);
  // Kernels are [4, 4, outputs, inputs]; one input reaches one output.
  set('up1.weight', (i) => i % (32 * LATENT) === 0, 1);
  set('up2.weight', (i) => i % 32 === 0, 0.1);
  set('up2.bias', () => true, -1);
  return fileOf(shape, weights);
}

function fileOf(shape: Shape, weights: Readonly<Record<string, Float32Array>>): Uint8Array {
  const { parameters } = generator(shape);
  return encodeSafetensors(
    Object.fromEntries(
      parameters.map(({ name, shape: sides }) => [name, { shape: sides, data: weights[name] as Float32Array }]),
    ),
  );
}
