import { extname } from 'node:path';
import { ParapetError } from '#core/errors.ts';
import type { Classifier } from '#core/models/classifier.ts';
import { encodeSafetensors } from '#core/models/safetensors.ts';
import { writeDurable } from './durable.ts';
import { encodeNpy } from './npy.ts';
import { writeZip } from './zip.ts';

/** An image before and after. */
export interface AdversarialPair {
  /** Position in the data. */
  readonly example: number;
  readonly y: number;
  readonly clean: Float32Array;
  /** The nearest image within the ball that the model gets wrong. */
  readonly adversarial: Float32Array;
  /** What the model says of it; -1 where its largest scores are equal. */
  readonly predicted: number;
  /** In the norm of the threat model. */
  readonly distance: number;
}

/** What was done to a model, beyond its numbers. */
export interface OwnImages {
  readonly shape: Classifier['inputShape'];
  readonly pairs: readonly AdversarialPair[];
}

/** @throws ParapetError 'usage' for a file that is neither .npz nor .safetensors */
export function checkAdversarialPath(path: string): void {
  if (['.npz', '.safetensors'].includes(extname(path).toLowerCase())) return;
  throw new ParapetError('usage', `--adversarial: ${path}; wanted the name of an .npz or .safetensors file`);
}

/** Writes `x` and `xAdv` [n, h, w, c], `y`, `predicted` and `example` [n] as int32, `distance` [n]. */
export async function writeAdversarial(path: string, { shape, pairs }: OwnImages): Promise<void> {
  const size = shape[0] * shape[1] * shape[2];
  const images = (of: (pair: AdversarialPair) => Float32Array) => {
    const all = new Float32Array(pairs.length * size);
    pairs.forEach((pair, i) => {
      all.set(of(pair), i * size);
    });
    return { shape: [pairs.length, ...shape], data: all };
  };
  const ints = (of: (pair: AdversarialPair) => number) => ({
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
