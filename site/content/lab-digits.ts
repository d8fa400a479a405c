/** At build time: the stored digits of the lab, and the example that its page shows before it computes anything. */
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { decodeSafetensors, type Safetensors } from '#core/models/safetensors.ts';
import { imageUri } from '../components/pixels.ts';
import { CLASSES, type DigitEntry, PIXELS, SIDE } from '../lab/catalogue.ts';

/** The build runs in the root of the repository. */
async function stored(name: string): Promise<Safetensors> {
  return decodeSafetensors(await readFile(resolve('site/lab', name)));
}

/** A digit with a picture of itself as a `data:` address. */
export interface LabDigit extends DigitEntry {
  readonly picture: string;
}

/** The stored digits, by class. */
export async function labDigits(): Promise<LabDigit[]> {
  const { tensors } = await stored('digits.safetensors');
  const images = tensors.get('images')?.data as Uint8Array;
  const labels = tensors.get('labels')?.data as Uint8Array;
  const examples = tensors.get('examples')?.data as Int32Array;
  return Array.from(examples, (index, i) => {
    const pixels = images.slice(i * PIXELS, (i + 1) * PIXELS);
    const picture = imageUri(
      Float32Array.from(pixels, (byte) => byte / 255),
      [SIDE, SIDE, 1],
    );
    return { index, label: labels[i] as number, pixels: Buffer.from(pixels).toString('base64'), picture };
  });
}

/** One attack that was computed beforehand. */
export interface LabExample {
  readonly label: number;
  readonly x: Float32Array;
  readonly xAdv: Float32Array;
  readonly logitsBefore: Float32Array;
  readonly logitsAfter: Float32Array;
  readonly epsilon: number;
}

/** What the page shows without JavaScript, and until the first attack is over. */
export async function labExample(): Promise<LabExample> {
  const { tensors, metadata } = await stored('example.safetensors');
  const floats = (name: string) => tensors.get(name)?.data as Float32Array;
  const logits = floats('logits');
  return {
    label: Number(metadata.get('label')),
    epsilon: Number(metadata.get('epsilon')),
    x: floats('x'),
    xAdv: floats('xAdv'),
    logitsBefore: logits.slice(0, CLASSES),
    logitsAfter: logits.slice(CLASSES),
  };
}
