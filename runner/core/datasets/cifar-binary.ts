/**
 * The binary form of CIFAR-10: per image one byte of label, then 1,024 bytes each of red, green and blue, row by row;
 * 10,000 images a file.
 *
 * Source: Krizhevsky, https://www.cs.toronto.edu/~kriz/cifar.html, "binary version".
 */
import { ParapetError } from '../errors.ts';
import type { Examples } from './dataset.ts';
import { pixelValues } from './pixels.ts';

const PLANE = 32 * 32;
const CHANNELS = 3;
const RECORD = 1 + CHANNELS * PLANE;
const IMAGES = 10_000;

/** Length of one file. */
export const CIFAR_BATCH_BYTES: number = IMAGES * RECORD;

/**
 * @param pixels one row of `PLANE` pixels per image, `channels` bytes each, red, green and blue first
 * @param labels the class of each image
 * @returns a file in the authors' binary form
 */
export function encodeCifar(pixels: Uint8Array, channels: number, labels: ArrayLike<number>): Uint8Array {
  if (pixels.length !== labels.length * PLANE * channels || channels < CHANNELS) {
    throw new ParapetError('integrity', `CIFAR-10: ${pixels.length} bytes of pixels for ${labels.length} labels`);
  }
  const file = new Uint8Array(labels.length * RECORD);
  for (let image = 0; image < labels.length; image++) {
    const start = image * RECORD;
    const from = image * PLANE * channels;
    file[start] = labels[image] as number;
    for (let channel = 0; channel < CHANNELS; channel++) {
      const plane = start + 1 + channel * PLANE;
      for (let i = 0; i < PLANE; i++) file[plane + i] = pixels[from + i * channels + channel] as number;
    }
  }
  return file;
}

/**
 * @param files the files of one split, in order
 * @param limit at most so many examples from the start
 * @throws ParapetError 'integrity' for a file of another length
 */
export function decodeCifar(files: readonly Uint8Array[], limit = Number.POSITIVE_INFINITY): Examples {
  const short = files.find((file) => file.length !== CIFAR_BATCH_BYTES);
  if (short !== undefined) {
    throw new ParapetError('integrity', `CIFAR-10 file: ${short.length} bytes, wanted ${CIFAR_BATCH_BYTES}`);
  }
  const count = Math.min(files.length * IMAGES, limit);
  const bytes = new Uint8Array(count * CHANNELS * PLANE);
  const y = new Int32Array(count);
  for (let image = 0; image < count; image++) {
    const file = files[Math.floor(image / IMAGES)] as Uint8Array;
    const start = (image % IMAGES) * RECORD;
    y[image] = file[start] as number;
    for (let channel = 0; channel < CHANNELS; channel++) {
      const plane = start + 1 + channel * PLANE;
      let to = image * PLANE * CHANNELS + channel;
      for (let i = 0; i < PLANE; i++, to += CHANNELS) bytes[to] = file[plane + i] as number;
    }
  }
  return { x: pixelValues(bytes), y, count };
}
