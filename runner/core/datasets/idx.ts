/**
 * The IDX format of MNIST and Fashion-MNIST: a big-endian header (a magic number that holds type and rank, then one size per
 * dimension) and the values as bytes.
 *
 * Source: LeCun, Cortes and Burges, the MNIST database, http://yann.lecun.com/exdb/mnist/, "file formats".
 */
import { ParapetError } from '../errors.ts';
import type { Examples } from './dataset.ts';
import { pixelValues } from './pixels.ts';

const UNSIGNED_BYTES = 0x08;

/**
 * @param file a whole IDX file of unsigned bytes
 * @param rank how many dimensions it must have
 * @returns its sizes, and its values row by row
 * @throws ParapetError 'integrity' when header and length do not agree
 */
function readIdx(file: Uint8Array, rank: number): { sizes: number[]; values: Uint8Array } {
  const start = 4 + 4 * rank;
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const wanted = (UNSIGNED_BYTES << 8) | rank;
  if (file.byteLength < start || view.getUint32(0) !== wanted) {
    throw new ParapetError('integrity', `IDX file: wanted magic number ${wanted} in a header of ${start} bytes`);
  }
  const sizes = Array.from({ length: rank }, (_, i) => view.getUint32(4 + 4 * i));
  const length = sizes.reduce((product, size) => product * size, 1);
  if (file.byteLength !== start + length) {
    throw new ParapetError('integrity', `IDX file: ${file.byteLength} bytes; its header wants ${start + length}`);
  }
  return { sizes, values: file.subarray(start) };
}

/**
 * @param files the images (rank 3) and the labels (rank 1) of one split
 * @param limit at most so many examples from the start
 * @throws ParapetError 'integrity' when they are no IDX files, or do not belong together
 */
export function decodeIdx(files: readonly Uint8Array[], limit = Number.POSITIVE_INFINITY): Examples {
  const [images, labels] = files;
  if (images === undefined || labels === undefined) throw new Error('wanted two files: images and labels');
  const { sizes, values } = readIdx(images, 3);
  const [total = 0, height = 0, width = 0] = sizes;
  const classes = readIdx(labels, 1).values;
  if (classes.length !== total) {
    throw new ParapetError('integrity', `IDX files: ${total} images but ${classes.length} labels`);
  }
  const count = Math.min(total, limit);
  return {
    x: pixelValues(values.subarray(0, count * height * width)),
    y: Int32Array.from(classes.subarray(0, count)),
    count,
  };
}
