import { PIXELS } from './catalogue.ts';

/** Grey levels of a drawn digit: few enough that an address holds one, a multiple of 1/15 each. */
const LEVELS = 15;
const FIRST_LETTER = 'a'.charCodeAt(0) - 1;

/**
 * A drawn digit as text for an address: a letter per grey level (a = 1/15 … o = 15/15), a number per run of black.
 * @param pixels [784] in [0, 1]
 */
export function encodeDrawing(pixels: Float32Array): string {
  let text = '';
  let black = 0;
  for (const pixel of pixels) {
    const level = Math.round(pixel * LEVELS);
    if (level === 0) black++;
    else {
      if (black > 0) text += black;
      black = 0;
      text += String.fromCharCode(FIRST_LETTER + level);
    }
  }
  return text;
}

/**
 * The inverse of `encodeDrawing`; what is not written is black.
 * @returns [784] in [0, 1], each the float32 nearest to byte / 255
 * @throws RangeError when the text is not a drawing
 */
export function decodeDrawing(text: string): Float32Array {
  if (!/^(?:\d{1,3}|[a-o])*$/.test(text)) throw new RangeError('a drawing is written in digits and the letters a to o');
  const pixels = new Float32Array(PIXELS);
  let at = 0;
  for (const [token] of text.matchAll(/\d{1,3}|[a-o]/g)) {
    const level = token.charCodeAt(0) - FIRST_LETTER;
    if (level > 0) {
      if (at < PIXELS) pixels[at] = (level * (255 / LEVELS)) / 255;
      at++;
    } else at += Number(token);
  }
  if (at > PIXELS) throw new RangeError(`a drawing has ${PIXELS} pixels, this one ${at}`);
  return pixels;
}
