import { extname } from 'node:path';
import { ParapetError } from '#core/errors.ts';
import { encodeSafetensors } from '#core/models/safetensors.ts';
import { writeDurable } from './durable.ts';
import { encodeNpy } from './npy.ts';
import { writeZip } from './zip.ts';

/** Adversarial images as arrays: each with its clean image, where that stands, its class and what the model says. */
export interface AdversarialArrays {
  readonly shape: readonly [height: number, width: number, channels: number];
  readonly pairs: readonly {
    readonly example: number;
    readonly y: number;
    readonly clean: Float32Array;
    readonly adversarial: Float32Array;
    readonly predicted: number;
    readonly distance: number;
  }[];
}

/** @throws ParapetError 'usage' for a file that is neither .npz nor .safetensors */
export function checkAdversarialPath(path: string): void {
  if (['.npz', '.safetensors'].includes(extname(path).toLowerCase())) return;
  throw new ParapetError('usage', `--adversarial: ${path}; wanted the name of an .npz or .safetensors file`);
}

/** Writes `x` and `xAdv` [n, h, w, c], `y`, `predicted` and `example` [n] as int32, `distance` [n]. */
export async function writeAdversarial(path: string, { shape, pairs }: AdversarialArrays): Promise<void> {
  const size = shape[0] * shape[1] * shape[2];
  const images = (of: (pair: AdversarialArrays['pairs'][number]) => Float32Array) => {
    const all = new Float32Array(pairs.length * size);
    pairs.forEach((pair, i) => {
      all.set(of(pair), i * size);
    });
    return { shape: [pairs.length, ...shape], data: all };
  };
  const ints = (of: (pair: AdversarialArrays['pairs'][number]) => number) => ({
    shape: [pairs.length],
    data: Int32Array.from(pairs, of),
  });
  const arrays = {
    x: images(({ clean }) => clean),
    xAdv: images(({ adversarial }) => adversarial),
    y: ints(({ y }) => y),
    predicted: ints(({ predicted }) => predicted),
    example: ints(({ example }) => example),
    distance: { shape: [pairs.length], data: Float64Array.from(pairs, ({ distance }) => distance) },
  };
  const isNpz = extname(path).toLowerCase() === '.npz';
  const npys = () =>
    Object.fromEntries(Object.entries(arrays).map(([name, { shape: s, data }]) => [`${name}.npy`, encodeNpy(s, data)]));
  await writeDurable(path, isNpz ? writeZip(npys()) : encodeSafetensors(arrays));
}
