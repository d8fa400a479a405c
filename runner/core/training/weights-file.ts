import { ParapetError } from '../errors.ts';
import type { Architecture } from '../models/architecture.ts';
import { LARGEST_HALF } from '../models/half.ts';
import { encodeSafetensors, type WrittenTensor } from '../models/safetensors.ts';
import { diverged, notFinite } from './finite.ts';
import type { DescentOptions } from './options.ts';
import type { Weights } from './state.ts';

/**
 * What training ended in, as a submission's weights: a safetensors file of F32, or of F16 with the nearest values of half precision.
 * @throws ParapetError 'misbehaved' for a weight that is no finite number, and for half precision one beyond its range, by name
 */
export function encodeWeights(
  { parameters }: Architecture,
  weights: Weights,
  precision: DescentOptions['precision'],
  metadata: Readonly<Record<string, string>>,
): Uint8Array {
  const wrong = notFinite(weights);
  if (wrong !== null) throw diverged(wrong);
  const tensors = parameters.map(({ name, shape }): [string, WrittenTensor] => {
    const data = weights[name] as Float32Array;
    if (precision === 'single') return [name, { shape, data }];
    const beyond = data.find((value) => Math.abs(value) > LARGEST_HALF);
    if (beyond !== undefined) {
      throw new ParapetError(
        'misbehaved',
        `training: '${name}' holds ${beyond}, and half precision goes up to ${LARGEST_HALF} in size`,
        'leave recipe.options.precision out and run again: what was trained is in the checkpoint',
      );
    }
    return [name, { shape, data, half: true }];
  });
  return encodeSafetensors(Object.fromEntries(tensors), metadata);
}
