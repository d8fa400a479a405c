import { ParapetError } from '../errors.ts';
import { outcome } from '../metrics/outcomes.ts';
import { decodeSafetensors, type TensorData } from '../models/safetensors.ts';

/** What became of an example: wrong from the start, broken within the ball, or right after every attack. */
export type Standing = 'wrong' | 'broken' | 'stands';

/**
 * Reads from an evidence file what became of each example, whatever the suite.
 * @param labels true class at each position of the data set, where the file does not say them itself
 * @returns by position in the data set
 * @throws ParapetError 'integrity' when the file is damaged
 */
export function standings(bytes: Uint8Array, labels: Int32Array | null): Map<number, Standing> {
  const { tensors } = decodeSafetensors(bytes);
  const read = <T extends TensorData>(name: string, kind: new () => T): T => {
    const data = tensors.get(name)?.data;
    if (data instanceof kind) return data;
    throw new ParapetError('integrity', `evidence: '${name}' is missing or of another type`, 'evaluate again');
  };
  const examples = read('examples', Int32Array);
  const predictions = read('predictions', Int32Array);
  const y = tensors.has('labels') ? read('labels', Int32Array) : (labels ?? new Int32Array());
  const codes = [...tensors.keys()]
    .filter((name) => /^line\..*\.code$/.test(name))
    .map((name) => read(name, Uint8Array));
  const found = new Map<number, Standing>();
  examples.forEach((position, i) => {
    const isBroken = codes.some((code) => {
      const rows = code.length / examples.length;
      return code.subarray(i * rows, (i + 1) * rows).includes(outcome.broken);
    });
    const isRight = predictions[position] === y[position];
    found.set(position, !isRight ? 'wrong' : isBroken ? 'broken' : 'stands');
  });
  return found;
}
