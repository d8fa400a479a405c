import type { StoredTensor } from '../models/safetensors.ts';
import { damagedEvidence } from './tensors.ts';

/** Numbers of the certificate's method, a row for each example that it was measured of: so many from the first. */
export interface Measured {
  /** Numbers of one example. */
  readonly width: number;
  /** [examples × width] */
  readonly values: Float64Array;
}

/** Name of the tensor that holds them. */
export const measuredTensor = 'certificate';

/**
 * @param most attacked examples that there are
 * @returns null where the file has none
 * @throws ParapetError 'integrity' when they have another form than the format says
 */
export function measuredOf(tensors: ReadonlyMap<string, StoredTensor>, most: number): Measured | null {
  const stored = tensors.get(measuredTensor);
  if (stored === undefined) return null;
  const { shape, data: values } = stored;
  const [rows = 0, width = 0] = shape;
  if (!(values instanceof Float64Array) || shape.length !== 2 || width === 0 || rows > most) {
    throw damagedEvidence(`'${measuredTensor}' has another type or shape than the format says`);
  }
  if (!values.every(Number.isFinite)) throw damagedEvidence(`'${measuredTensor}' holds a number that is not finite`);
  return { width, values };
}

/** How many examples there are numbers of. */
export function measuredCount({ width, values }: Measured): number {
  return values.length / width;
}

/** Numbers of the i-th example. */
export function measuredRow({ width, values }: Measured, i: number): Float64Array {
  return values.subarray(i * width, (i + 1) * width);
}
