/**
 * From strokes to a digit such as MNIST's: scaled to fit a 20 × 20 box, smoothed by area, and set in a 28 × 28 field with
 * its centre of mass in the middle.
 *
 * Source: LeCun, Cortes and Burges, "The MNIST database of handwritten digits", section on the images: size-normalised to
 * 20 × 20 with grey levels from the anti-aliasing, then centred by the centre of mass in 28 × 28.
 */
import { PIXELS, SIDE } from './catalogue.ts';

const BOX = 20;
/** Ink fainter than this does not count when the box around a digit is sought. */
const FAINT = 0.05;

interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

function inkBox(ink: Float32Array, width: number): Box | null {
  let left = Infinity;
  let top = Infinity;
  let right = -1;
  let bottom = -1;
  for (let i = 0; i < ink.length; i++) {
    if ((ink[i] as number) <= FAINT) continue;
    const x = i % width;
    const y = Math.floor(i / width);
    left = Math.min(left, x);
    right = Math.max(right, x);
    top = Math.min(top, y);
    bottom = Math.max(bottom, y);
  }
  return right < 0 ? null : { left, top, width: right - left + 1, height: bottom - top + 1 };
}

/**
 * Shrinks one box of an image by averaging the area that each new pixel covers.
 * @returns the sum of ink per new pixel over the area of one, [outHeight × outWidth]
 */
function resample(ink: Float32Array, width: number, box: Box, outWidth: number, outHeight: number): Float32Array {
  const out = new Float32Array(outWidth * outHeight);
  const scaleX = outWidth / box.width;
  const scaleY = outHeight / box.height;
  for (let y = 0; y < box.height; y++) {
    for (let x = 0; x < box.width; x++) {
      const value = ink[(box.top + y) * width + box.left + x] as number;
      if (value > 0) splat(out, outWidth, outHeight, value, x * scaleX, y * scaleY, scaleX, scaleY);
    }
  }
  return out;
}

/** Adds a rectangle of ink at (x, y) of size (w, h), in new pixels, to the cells that it overlaps. */
function splat(
  out: Float32Array,
  width: number,
  height: number,
  value: number,
  x: number,
  y: number,
  w: number,
  h: number,
) {
  for (let row = Math.floor(y); row < Math.min(Math.ceil(y + h), height); row++) {
    const overlapY = Math.min(row + 1, y + h) - Math.max(row, y);
    if (overlapY <= 0) continue;
    for (let column = Math.floor(x); column < Math.min(Math.ceil(x + w), width); column++) {
      const overlapX = Math.min(column + 1, x + w) - Math.max(column, x);
      const at = row * width + column;
      if (overlapX > 0) out[at] = (out[at] as number) + value * overlapX * overlapY;
    }
  }
}

function centreOfMass(pixels: Float32Array, width: number): { x: number; y: number } {
  let mass = 0;
  let x = 0;
  let y = 0;
  for (let i = 0; i < pixels.length; i++) {
    const value = pixels[i] as number;
    mass += value;
    x += value * ((i % width) + 0.5);
    y += value * (Math.floor(i / width) + 0.5);
  }
  return { x: x / mass, y: y / mass };
}

/**
 * @param ink how much ink each cell holds, [height × width] in [0, 1], row-major
 * @param width cells of a row
 * @returns [784] in [0, 1], white on black as in MNIST; null when there is no ink
 */
export function normaliseDigit(ink: Float32Array, width: number): Float32Array | null {
  const box = inkBox(ink, width);
  if (box === null) return null;
  const scale = BOX / Math.max(box.width, box.height);
  const outWidth = Math.max(1, Math.round(box.width * scale));
  const outHeight = Math.max(1, Math.round(box.height * scale));
  const small = resample(ink, width, box, outWidth, outHeight);
  const centre = centreOfMass(small, outWidth);
  const clamp = (at: number, size: number) => Math.max(0, Math.min(SIDE - size, at));
  const left = clamp(Math.round(SIDE / 2 - centre.x), outWidth);
  const top = clamp(Math.round(SIDE / 2 - centre.y), outHeight);
  const pixels = new Float32Array(PIXELS);
  for (let i = 0; i < small.length; i++) {
    const at = (top + Math.floor(i / outWidth)) * SIDE + left + (i % outWidth);
    pixels[at] = Math.min(1, small[i] as number);
  }
  return pixels;
}
