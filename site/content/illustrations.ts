import { findDataset } from '#core/datasets/index.ts';
import { decodeImages, type EvidenceImage } from '#core/evidence/images.ts';
import { fromBytes } from '#core/evidence/rounding.ts';
import { decodeSafetensors, type StoredTensor } from '#core/models/safetensors.ts';
import type { Track } from '#core/tracks.ts';

/** One adversarial image, and the legitimate one that it was made of where the evidence carries that. */
export interface Illustration {
  /** Position in the data set. */
  readonly example: number;
  /** True class: what the model said before the attack, which was right. */
  readonly label: number;
  /** What the model says of the adversarial image; null when the evidence does not say. */
  readonly predicted: number | null;
  /** Pixels in [0, 1], [height × width × channels]. */
  readonly x: Float32Array | null;
  readonly xAdv: Float32Array;
}

const MOST = 20;

/** Height, width and channels of the images of a track. */
export function imageShape(track: Track): readonly [height: number, width: number, channels: number] {
  return findDataset(track.dataset).shape;
}

/** Legitimate images that are at hand, by position in the data set. */
export type KnownImages = ReadonlyMap<number, Uint8Array>;

/**
 * The legitimate image of an attacked example: of U8 tensor `x`, which holds those of the first examples where there is
 * one, else of what is at hand.
 */
function cleanImages(
  tensors: ReadonlyMap<string, StoredTensor>,
  examples: Int32Array,
  known: KnownImages,
  size: number,
) {
  const stored = tensors.get('x')?.data;
  return (row: number): Float32Array | null => {
    const first = stored instanceof Uint8Array ? stored.subarray(row * size, (row + 1) * size) : undefined;
    const bytes = first?.length === size ? first : known.get(examples[row] ?? -1);
    return bytes?.length === size ? fromBytes(bytes) : null;
  };
}

interface Reader {
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  readonly examples: Int32Array;
  readonly clean: (row: number) => Float32Array | null;
  readonly labelOf: (row: number) => number;
}

function open(bytes: Uint8Array, size: number, known: KnownImages): Reader {
  const { tensors } = decodeSafetensors(bytes);
  const integers = (name: string) => {
    const data = tensors.get(name)?.data;
    return data instanceof Int32Array ? data : new Int32Array();
  };
  const [examples, predictions] = [integers('examples'), integers('predictions')];
  return {
    tensors,
    examples,
    clean: cleanImages(tensors, examples, known, size),
    labelOf: (row) => predictions[examples[row] ?? -1] ?? -1,
  };
}

/** Images of a set; those that are stored by what changed are left out where the clean image is not there. */
function images(
  set: string,
  { tensors }: Reader,
  size: number,
  clean: (row: number) => Float32Array | null,
): EvidenceImage[] {
  const sparse = tensors.has(`${set}.changed`);
  const all = decodeImages(set, tensors, size, (row) => clean(row) ?? new Float32Array(size));
  return all.filter(({ row, stepped }) => (!sparse && stepped === undefined) || clean(row) !== null);
}

/**
 * The first adversarial images of an evidence file, one per broken example, those with a legitimate image to put beside
 * them where there are any. What an example was before the attack is its
 * label, because an example that was wrong from the start has no image.
 */
export function illustrationsOf(bytes: Uint8Array, track: Track, known: KnownImages = new Map()): Illustration[] {
  const size = imageShape(track).reduce((product, side) => product * side, 1);
  const reader = open(bytes, size, known);
  const predicted = reader.tensors.get('best.predicted')?.data;
  const all = images('best', reader, size, reader.clean).map(({ row, pixels }, i) => ({
    example: reader.examples[row] ?? row,
    label: reader.labelOf(row),
    predicted: predicted instanceof Int32Array || predicted instanceof Uint8Array ? (predicted[i] ?? null) : null,
    x: reader.clean(row),
    xAdv: pixels,
  }));
  const beside = all.filter(({ x }) => x !== null);
  return (beside.length > 0 ? beside : all).slice(0, MOST);
}

/**
 * For a targeted protocol: one legitimate example per class, as far as the evidence has them, with the image that reached
 * each other class.
 */
export function pairMatrix(
  bytes: Uint8Array,
  track: Track,
  known: KnownImages = new Map(),
  classes = 10,
): readonly (readonly (Float32Array | null)[])[] {
  const size = imageShape(track).reduce((product, side) => product * side, 1);
  const reader = open(bytes, size, known);
  const others = classes - 1;
  const found = new Map(
    images('pairs', reader, size, (row) => reader.clean(Math.floor(row / others))).map(({ row, pixels }) => [
      row,
      pixels,
    ]),
  );
  if (found.size === 0) return [];
  return Array.from({ length: classes }, (_, label) => {
    // Of the examples of this class, the one that most pairs are shown of.
    const candidates = Array.from(reader.examples.keys()).filter(
      (row) => reader.labelOf(row) === label && reader.clean(row),
    );
    const reached = (row: number) =>
      Array.from({ length: others }, (_, r) => found.has(row * others + r)).filter(Boolean).length;
    const [row] = candidates.sort((a, b) => reached(b) - reached(a) || a - b);
    return Array.from({ length: classes }, (_, target) => {
      if (row === undefined) return null;
      if (target === label) return reader.clean(row);
      return found.get(row * others + (target < label ? target : target - 1)) ?? null;
    });
  });
}
