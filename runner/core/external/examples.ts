import type { Dataset } from '../datasets/dataset.ts';
import { ParapetError } from '../errors.ts';
import { fromBytes } from '../evidence/rounding.ts';
import { decodeSafetensors, encodeSafetensors } from '../models/safetensors.ts';

/** Adversarial images of test examples, one for each. */
export interface ExternalExamples {
  /** Position of each in the test set, ascending. */
  readonly index: Int32Array;
  /** Pixels, one image after another, [n × h × w × c]; not looked at yet: any float32 may be there. */
  readonly x: Float32Array;
}

const limits = { headerBytes: 1 << 16, tensors: 16, rank: 4 };

/**
 * Reads the file of an external evaluation: `index` I32 [n], ascending and each once, and `x` [n, h, w, c], F32 in [0, 1] or U8,
 * which stands for byte / 255.
 * @throws ParapetError 'submission' that says what is wrong with it
 */
export function decodeExamples(bytes: Uint8Array, { id, shape, counts }: Dataset): ExternalExamples {
  const { tensors } = decodeSafetensors(bytes, limits);
  const refuse = (what: string, hint?: string): never => {
    throw new ParapetError('submission', `examples: ${what}`, hint);
  };
  for (const name of tensors.keys()) {
    if (name !== 'index' && name !== 'x') refuse(`there is a tensor '${name}'; wanted index and x, and no other`);
  }
  const [index, x] = [tensors.get('index'), tensors.get('x')];
  if (index === undefined || x === undefined)
    return refuse(`'${index ? 'x' : 'index'}' is missing; wanted index and x`);
  if (!(index.data instanceof Int32Array) || index.shape.length !== 1) {
    const hint = 'in Python: index.astype(numpy.int32)';
    return refuse(`index is ${index.dtype} [${index.shape}]; wanted I32 [n], positions in the test set`, hint);
  }
  const wanted = [index.data.length, ...shape];
  if (x.shape.join() !== wanted.join())
    refuse(`x is [${x.shape}]; wanted [${wanted}]: one image of ${id} for each index`);
  if (index.data.length === 0) refuse('there is no image; wanted at least one');
  let before = -1;
  for (const [i, position] of index.data.entries()) {
    if (position <= before) refuse(`index[${i}] is ${position} after ${before}; wanted them ascending, each once`);
    if (position >= counts.test)
      refuse(`index[${i}] is ${position}; the test set of ${id} has ${counts.test} examples`);
    before = position;
  }
  if (x.data instanceof Float32Array) return { index: index.data, x: x.data };
  if (x.data instanceof Uint8Array) return { index: index.data, x: fromBytes(x.data) };
  return refuse(`x is ${x.dtype}; wanted F32 in [0, 1], or U8`, 'in Python: x.astype(numpy.float32)');
}

/** @returns the bytes of a file that `decodeExamples` reads */
export function encodeExamples({ index, x }: ExternalExamples, shape: Dataset['shape']): Uint8Array {
  return encodeSafetensors({
    index: { shape: [index.length], data: index },
    x: { shape: [index.length, ...shape], data: x },
  });
}
