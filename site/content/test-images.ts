import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { decodeSafetensors } from '#core/models/safetensors.ts';

const file = resolve('site/lab/digits.safetensors');
let images: Promise<ReadonlyMap<number, Uint8Array>> | undefined;

/**
 * The test images of MNIST that the lab brings along, by their position in the test set: what can be drawn of legitimate
 * images without the data set. Evidence stores adversarial images only, the sparse ones as changes to these.
 */
export function mnistTestImages(): Promise<ReadonlyMap<number, Uint8Array>> {
  images ??= read();
  return images;
}

async function read(): Promise<ReadonlyMap<number, Uint8Array>> {
  if (!existsSync(file)) return new Map();
  const { tensors } = decodeSafetensors(new Uint8Array(await readFile(file)));
  const [examples, pixels] = [tensors.get('examples')?.data, tensors.get('images')?.data];
  if (!(examples instanceof Int32Array) || !(pixels instanceof Uint8Array))
    throw new Error(`${file}: not the lab's digits`);
  const size = pixels.length / examples.length;
  return new Map(Array.from(examples, (example, i) => [example, pixels.subarray(i * size, (i + 1) * size)]));
}
