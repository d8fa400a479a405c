/**
 * Images of the evidence file, as small as they can be without a loss.
 *
 * An image whose values are all on the 8-bit grid is stored as bytes (value = byte / 255); one that is not, as its differences from
 * the clean image in steps of the largest of them (value = clean + scale · step / 127, in [0, 1]), or as float32. Where few values
 * differ from the clean image (L0 tracks) only those are stored, by their position.
 *
 * Tensors of a set named `s`, for k images of n values:
 *   `s.row`       I32 [k]  which row of the outcomes each image is of, ascending
 *   `s.onGrid`    U8  [k]  1: stored as bytes, 0: as float32, 2: in steps
 *   `s.bytes`     U8       values of the images on the grid, one image after another: [images, n], sparse [values]
 *   `s.floats`    F32      values of those as float32, likewise
 *   `s.steps`     I8       values of those in steps, [images, n]
 *   `s.scale`     F64      the largest difference of each of those
 * and for a sparse set:
 *   `s.changed`   U16 [k]  how many values of each image differ from the clean one
 *   `s.position`  U16      their positions, ascending within an image
 * A tensor without an element is left out.
 */
import { ParapetError } from '../errors.ts';
import type { TensorData } from '../models/safetensors.ts';
import { fromBytes, fromSteps, type SteppedImage } from './rounding.ts';

export interface EvidenceImage {
  /** Row of the outcomes that the image is of. */
  readonly row: number;
  readonly pixels: Float32Array;
  /** What the pixels come of; absent where bytes or floats say them. Never in a sparse set. */
  readonly stepped?: SteppedImage;
}

/** How an image is stored, in `onGrid`. */
const stored = { floats: 0, bytes: 1, steps: 2 } as const;

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
  const stepped: SteppedImage[] = [];
  const onGrid = new Uint8Array(images.length);
  images.forEach(({ row, pixels, stepped: image }, i) => {
    const kept = clean === null ? null : changedPositions(pixels, clean(row));
    if (kept !== null) positions.push(kept);
    const values = kept === null ? pixels : Float32Array.from(kept, (p) => pixels[p] as number);
    const grid = gridBytes(values);
    onGrid[i] = grid !== null ? stored.bytes : image !== undefined ? stored.steps : stored.floats;
    if (grid !== null) bytes.push(grid);
    else if (image !== undefined) stepped.push(image);
    else floats.push(values);
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
  const steps = stepped.map((image) => image.steps);
  add('steps', joined(steps, new Int8Array(lengthOf(steps))), shape(steps));
  add(
    'scale',
    Float64Array.from(stepped, ({ scale }) => scale),
  );
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
function joined<T extends Uint8Array | Int8Array | Float32Array>(parts: readonly T[], into: T): T {
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
  const changed = read('changed', new Uint16Array());
  const [bytes, floats] = [inParts(read('bytes', new Uint8Array())), inParts(read('floats', new Float32Array()))];
  const [steps, scales] = [inParts(read('steps', new Int8Array())), inParts(read('scale', new Float64Array()))];
  const positions = inParts(read('position', new Uint16Array()));
  const sparse = changed.length > 0;
  if (onGrid.length !== rows.length || (sparse && changed.length !== rows.length))
    refuse(set, 'tensors differ in length');
  const images = Array.from(rows, (row, i): EvidenceImage => {
    const count = sparse ? (changed[i] as number) : size;
    if (onGrid[i] === stored.steps) {
      const stepped = { scale: scales.next(1)[0] ?? Number.NaN, steps: steps.next(size).slice() };
      if (sparse || stepped.steps.length !== size || !Number.isFinite(stepped.scale)) refuse(set, 'steps do not fit');
      return { row, pixels: fromSteps(clean(row), stepped), stepped };
    }
    const values = onGrid[i] === stored.bytes ? fromBytes(bytes.next(count)) : floats.next(count).slice();
    if (values.length !== count) refuse(set, 'fewer values than images need');
    if (!sparse) return { row, pixels: values };
    return { row, pixels: scatter(set, clean(row), positions.next(count), values) };
  });
  if ([bytes, floats, steps, scales, positions].some((parts) => !parts.isAtEnd())) {
    refuse(set, 'more values than images need');
  }
  return images;
}

/** An array to be taken part by part. */
function inParts<T extends Uint8Array | Int8Array | Uint16Array | Float32Array | Float64Array>(data: T) {
  let at = 0;
  return {
    next(count: number): T {
      const part = data.subarray(at, at + count) as T;
      at += count;
      return part;
    },
    isAtEnd: () => at === data.length,
  };
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
