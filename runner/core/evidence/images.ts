/**
 * Images of the evidence file, as small as they can be without a loss.
 *
 * An image whose values are all on the 8-bit grid is stored as bytes (value = byte / 255), any other as float32. Where few
 * values differ from the clean image (L0 tracks) only those are stored, by their position.
 *
 * Tensors of a set named `s`, for k images of n values:
 *   `s.row`       I32 [k]  which row of the outcomes each image is of, ascending
 *   `s.onGrid`    U8  [k]  1: stored as bytes, 0: as float32
 *   `s.bytes`     U8       values of the images on the grid, one image after another: [images, n], sparse [values]
 *   `s.floats`    F32      values of the others, likewise
 * and for a sparse set:
 *   `s.changed`   U16 [k]  how many values of each image differ from the clean one
 *   `s.position`  U16      their positions, ascending within an image
 * A tensor without an element is left out.
 */
import { ParapetError } from '../errors.ts';
import type { TensorData } from '../models/safetensors.ts';
import { fromBytes } from './rounding.ts';

export interface EvidenceImage {
  /** Row of the outcomes that the image is of. */
  readonly row: number;
  readonly pixels: Float32Array;
}

/** A tensor to be stored. */
export interface NewTensor {
  readonly shape: readonly number[];
  readonly data: TensorData;
}

/** The clean image of a row. */
export type CleanImage = (row: number) => Float32Array;

/** Bytes of an image that lies on the 8-bit grid, else null. */
function gridBytes(values: Float32Array): Uint8Array | null {
  const bytes = Uint8Array.from(values, (value) => Math.round(value * 255));
  return fromBytes(bytes).every((value, i) => value === values[i]) ? bytes : null;
}

/** @param clean given for a sparse set */
export function encodeImages(
  set: string,
  images: readonly EvidenceImage[],
  clean: CleanImage | null,
): Map<string, NewTensor> {
  const tensors = new Map<string, NewTensor>();
  const add = (name: string, data: TensorData, shape = [data.length]) => {
    if (data.length > 0) tensors.set(`${set}.${name}`, { shape, data });
  };
  const positions: number[][] = [];
  const bytes: Uint8Array[] = [];
  const floats: Float32Array[] = [];
  const onGrid = new Uint8Array(images.length);
  images.forEach(({ row, pixels }, i) => {
    const kept = clean === null ? null : changedPositions(pixels, clean(row));
    if (kept !== null) positions.push(kept);
    const values = kept === null ? pixels : Float32Array.from(kept, (p) => pixels[p] as number);
    const grid = gridBytes(values);
    onGrid[i] = grid === null ? 0 : 1;
    if (grid === null) floats.push(values);
    else bytes.push(grid);
  });
  const shape = (parts: { length: number }[]) => {
    const total = lengthOf(parts);
    return clean === null && parts.length > 0 ? [parts.length, total / parts.length] : [total];
  };
  add(
    'row',
    Int32Array.from(images, ({ row }) => row),
  );
  add('onGrid', onGrid);
  add('bytes', joined(bytes, new Uint8Array(lengthOf(bytes))), shape(bytes));
  add('floats', joined(floats, new Float32Array(lengthOf(floats))), shape(floats));
  add(
    'changed',
    Uint16Array.from(positions, (kept) => kept.length),
  );
  add('position', Uint16Array.from(positions.flat()));
  return tensors;
}

function lengthOf(parts: readonly { readonly length: number }[]): number {
  return parts.reduce((sum, part) => sum + part.length, 0);
}

/** One after another, in `into`. */
function joined<T extends Uint8Array | Float32Array>(parts: readonly T[], into: T): T {
  let position = 0;
  for (const part of parts) {
    into.set(part, position);
    position += part.length;
  }
  return into;
}

function changedPositions(pixels: Float32Array, clean: Float32Array): number[] {
  const positions: number[] = [];
  pixels.forEach((value, i) => {
    if (value !== clean[i]) positions.push(i);
  });
  return positions;
}

/**
 * @param size values per image
 * @throws ParapetError 'integrity' when the tensors do not fit together
 */
export function decodeImages(
  set: string,
  tensors: ReadonlyMap<string, { readonly data: TensorData }>,
  size: number,
  clean: CleanImage,
): EvidenceImage[] {
  const read = <T extends TensorData>(name: string, empty: T): T => {
    const data = tensors.get(`${set}.${name}`)?.data ?? empty;
    if (data.constructor !== empty.constructor) refuse(`${set}.${name}`, 'has another type than the format says');
    return data as T;
  };
  const rows = read('row', new Int32Array());
  const onGrid = read('onGrid', new Uint8Array());
  const bytes = read('bytes', new Uint8Array());
  const floats = read('floats', new Float32Array());
  const changed = read('changed', new Uint16Array());
  const position = read('position', new Uint16Array());
  const sparse = changed.length > 0;
  if (onGrid.length !== rows.length || (sparse && changed.length !== rows.length))
    refuse(set, 'tensors differ in length');
  let nextByte = 0;
  let nextFloat = 0;
  let nextPosition = 0;
  const images = Array.from(rows, (row, i) => {
    const count = sparse ? (changed[i] as number) : size;
    const values =
      onGrid[i] === 1
        ? fromBytes(bytes.subarray(nextByte, nextByte + count))
        : floats.slice(nextFloat, nextFloat + count);
    if (onGrid[i] === 1) nextByte += count;
    else nextFloat += count;
    if (values.length !== count) refuse(set, 'fewer values than images need');
    if (!sparse) return { row, pixels: values };
    const at = position.subarray(nextPosition, nextPosition + count);
    nextPosition += count;
    return { row, pixels: scatter(set, clean(row), at, values) };
  });
  if (nextByte !== bytes.length || nextFloat !== floats.length || nextPosition !== position.length) {
    refuse(set, 'more values than images need');
  }
  return images;
}

function scatter(set: string, clean: Float32Array, at: Uint16Array, values: Float32Array): Float32Array {
  const pixels = clean.slice();
  let before = -1;
  values.forEach((value, i) => {
    const p = at[i] ?? -1;
    if (p <= before || p >= pixels.length) refuse(`${set}.position`, 'is not ascending within the image');
    pixels[p] = value;
    before = p;
  });
  return pixels;
}

function refuse(what: string, why: string): never {
  throw new ParapetError('integrity', `evidence: ${what}: ${why}`, 'the file was damaged or altered; evaluate again');
}
