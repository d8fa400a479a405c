import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeImages, type EvidenceImage, encodeImages } from './images.ts';
import { fromBytes, roundTowards } from './rounding.ts';

const SIZE = 12;
const clean = (row: number) => fromBytes(Uint8Array.from({ length: SIZE }, (_, i) => (i * 20 + row) % 256));
const byte = fc.integer({ min: 0, max: 255 });
const bytes = fc.uint8Array({ minLength: SIZE, maxLength: SIZE });
const floats = fc.float32Array({ minLength: SIZE, maxLength: SIZE, min: 0, max: 1, noNaN: true });

describe('roundTowards', () => {
  it('lands on the grid, between the clean and the adversarial value', () => {
    fc.assert(
      fc.property(bytes, floats, (cleanBytes, xAdv) => {
        const x = fromBytes(cleanBytes);
        const rounded = fromBytes(roundTowards(x, xAdv));
        rounded.forEach((value, i) => {
          const [low, high] = [
            Math.min(x[i] as number, xAdv[i] as number),
            Math.max(x[i] as number, xAdv[i] as number),
          ];
          expect(value).toBeGreaterThanOrEqual(low);
          expect(value).toBeLessThanOrEqual(high);
        });
      }),
    );
  });

  it('leaves a value alone that is on the grid already', () => {
    fc.assert(
      fc.property(byte, byte, (a, b) => {
        expect(roundTowards(fromBytes(Uint8Array.of(a)), fromBytes(Uint8Array.of(b)))[0]).toBe(b);
      }),
    );
  });
});

describe('images of the evidence file', () => {
  const image = fc.oneof(floats, bytes.map(fromBytes));
  const sets = fc
    .array(image, { maxLength: 6 })
    .map((all) => all.map((pixels, i): EvidenceImage => ({ row: 3 * i, pixels })));

  it('come back bit by bit, dense and sparse', () => {
    fc.assert(
      fc.property(sets, fc.boolean(), (images, sparse) => {
        const tensors = encodeImages('best', images, sparse ? clean : null);
        expect(decodeImages('best', tensors, SIZE, clean)).toEqual(images);
      }),
    );
  });

  it('take a few bytes for a few changed values', () => {
    const pixels = clean(0);
    pixels[4] = 1;
    const tensors = encodeImages('best', [{ row: 0, pixels }], clean);
    const stored = [...tensors.values()].reduce((sum, { data }) => sum + data.byteLength, 0);
    expect(stored).toBe(4 + 1 + 1 + 2 + 2);
  });

  it.each(['row', 'onGrid', 'bytes', 'changed', 'position'])('are refused when %s does not fit the rest', (name) => {
    const tensors = encodeImages(
      's',
      [
        { row: 0, pixels: clean(1) },
        { row: 1, pixels: clean(0) },
      ],
      clean,
    );
    const tensor = tensors.get(`s.${name}`);
    if (tensor === undefined) throw new Error(`no ${name}`);
    tensors.set(`s.${name}`, { ...tensor, data: tensor.data.slice(0, -1) });
    expect(() => decodeImages('s', tensors, SIZE, clean)).toThrow(/evidence: s/);
  });
});
