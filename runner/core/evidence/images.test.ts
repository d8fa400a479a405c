import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { distances } from '../metrics/judge.ts';
import { decodeImages, type EvidenceImage, encodeImages } from './images.ts';
import { fromBytes, fromSteps, inSteps, roundTowards } from './rounding.ts';

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

describe('inSteps', () => {
  it.each(['Linf', 'L2'] as const)(
    'keeps each value to half a step and its sign, and the distance in %s to rounding',
    (norm) => {
      fc.assert(
        fc.property(bytes, floats, (cleanBytes, xAdv) => {
          const x = fromBytes(cleanBytes);
          const distance = (image: Float32Array) => distances(x, image, SIZE, norm)[0] as number;
          const image = inSteps(x, xAdv, norm);
          const stepped = fromSteps(x, image);
          expect(distance(stepped)).toBeLessThanOrEqual(distance(xAdv) * 1.001 + 1e-6);
          stepped.forEach((value, i) => {
            // Half a step, and what the shrinking to the old distance takes: at most half a step of each of 12 values.
            expect(Math.abs(value - (xAdv[i] as number))).toBeLessThanOrEqual((image.scale / 127) * 4 + 1e-7);
          });
        }),
      );
    },
  );
});

describe('images of the evidence file', () => {
  const image = fc.oneof(floats, bytes.map(fromBytes));
  const sets = fc
    .array(image, { maxLength: 6 })
    .map((all) => all.map((pixels, i): EvidenceImage => ({ row: 3 * i, pixels })));
  const steppedImage = (row: number, xAdv: Float32Array): EvidenceImage => {
    const stepped = inSteps(clean(row), xAdv, 'L2');
    return { row, pixels: fromSteps(clean(row), stepped), stepped };
  };

  it('come back bit by bit, dense and sparse', () => {
    fc.assert(
      fc.property(sets, fc.boolean(), (images, sparse) => {
        const tensors = encodeImages('best', images, sparse ? clean : null);
        expect(decodeImages('best', tensors, SIZE, clean)).toEqual(images);
      }),
    );
  });

  it('come back bit by bit in steps, among others', () => {
    fc.assert(
      fc.property(fc.array(floats, { minLength: 1, maxLength: 4 }), sets, (some, others) => {
        const images = [...others, ...some.map((xAdv, i) => steppedImage(100 + i, xAdv))];
        const decoded = decodeImages('best', encodeImages('best', images, null), SIZE, clean);
        expect(decoded.map(({ row, pixels }) => ({ row, pixels }))).toEqual(
          images.map(({ row, pixels }) => ({ row, pixels })),
        );
      }),
    );
  });

  it('take a byte for a value in steps', () => {
    const xAdv = clean(0).map((value, i) => value + (i % 2 === 0 ? 0.01 : -0.0001) * (value < 0.5 ? 1 : -1));
    const tensors = encodeImages('best', [steppedImage(0, xAdv)], null);
    const bytesOf = [...tensors.values()].reduce((sum, { data }) => sum + data.byteLength, 0);
    expect(bytesOf).toBe(4 + 1 + SIZE + 8);
  });

  it.each(['steps', 'scale'])('are refused when %s does not fit the rest', (name) => {
    const tensors = encodeImages('s', [steppedImage(0, clean(0).fill(0.5))], null);
    const tensor = tensors.get(`s.${name}`);
    if (tensor === undefined) throw new Error(`no ${name}`);
    tensors.set(`s.${name}`, { ...tensor, data: tensor.data.slice(0, -1) });
    expect(() => decodeImages('s', tensors, SIZE, clean)).toThrow(/evidence: s/);
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
