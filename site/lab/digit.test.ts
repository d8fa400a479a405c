import { describe, expect, it } from 'vitest';
import { PIXELS, SIDE } from './catalogue.ts';
import { normaliseDigit } from './digit.ts';
import { decodeDrawing, encodeDrawing } from './drawing.ts';
import { drawStroke, PAD } from './ink.ts';

function stroke(...points: [number, number][]): Float32Array {
  const ink = new Float32Array(PAD * PAD);
  for (const [i, [x, y]] of points.entries()) {
    const [fromX, fromY] = points[i - 1] ?? [x, y];
    drawStroke(ink, { x: fromX, y: fromY }, { x, y });
  }
  return ink;
}

function inkOf(pixels: Float32Array) {
  const lit = Array.from(pixels.keys()).filter((i) => (pixels[i] as number) > 0.05);
  const xs = lit.map((i) => i % SIDE);
  const ys = lit.map((i) => Math.floor(i / SIDE));
  const mass = pixels.reduce((sum, value) => sum + value, 0);
  const centre = (of: (i: number) => number) => pixels.reduce((sum, value, i) => sum + value * (of(i) + 0.5), 0) / mass;
  return {
    width: Math.max(...xs) - Math.min(...xs) + 1,
    height: Math.max(...ys) - Math.min(...ys) + 1,
    x: centre((i) => i % SIDE),
    y: centre((i) => Math.floor(i / SIDE)),
  };
}

describe('a drawn digit', () => {
  it('is nothing without ink', () => {
    expect(normaliseDigit(new Float32Array(PAD * PAD), PAD)).toBeNull();
  });

  it.each([
    [
      'a tall one at the top left',
      [
        [10, 10],
        [12, 60],
      ],
    ],
    [
      'a wide one at the bottom',
      [
        [5, 100],
        [105, 104],
      ],
    ],
    [
      'a large seven',
      [
        [20, 15],
        [90, 15],
        [45, 105],
      ],
    ],
    ['a dot', [[80, 30]]],
  ] as [string, [number, number][]][])('fits a box of 20 by 20 with its mass in the middle: %s', (_, points) => {
    const pixels = normaliseDigit(stroke(...points), PAD) as Float32Array;
    const { width, height, x, y } = inkOf(pixels);
    expect(Math.max(width, height)).toBeGreaterThanOrEqual(19);
    expect(Math.max(width, height)).toBeLessThanOrEqual(20);
    expect(Math.abs(x - SIDE / 2)).toBeLessThanOrEqual(0.75);
    expect(Math.abs(y - SIDE / 2)).toBeLessThanOrEqual(0.75);
    expect(Math.min(...pixels)).toBe(0);
    expect(Math.max(...pixels)).toBeLessThanOrEqual(1);
  });

  it('keeps the grey of its edges', () => {
    const pixels = normaliseDigit(stroke([30, 20], [80, 100]), PAD) as Float32Array;
    expect(pixels.some((value) => value > 0.2 && value < 0.8)).toBe(true);
  });

  it('is the same wherever it is drawn', () => {
    const here = normaliseDigit(stroke([20, 20], [60, 80]), PAD);
    const there = normaliseDigit(stroke([36, 28], [76, 88]), PAD);
    expect(there).toEqual(here);
  });
});

describe('a drawing in an address', () => {
  it('is the image that it was, in sixteen grey levels', () => {
    const pixels = normaliseDigit(stroke([20, 15], [90, 15], [45, 105]), PAD) as Float32Array;
    const text = encodeDrawing(pixels);
    expect(text).toMatch(/^[0-9a-o]+$/);
    expect(text.length).toBeLessThan(500);
    const back = decodeDrawing(text);
    expect(Math.max(...back.map((value, i) => Math.abs(value - (pixels[i] as number))))).toBeLessThanOrEqual(
      1 / 30 + 1e-6,
    );
    expect(encodeDrawing(back)).toBe(text);
    expect(back.every((value) => value === Math.fround(Math.round(value * 255) / 255))).toBe(true);
  });

  it('is refused when it is none', () => {
    expect(() => decodeDrawing('a-b')).toThrow(RangeError);
    expect(() => decodeDrawing('784a')).toThrow('785');
    expect(decodeDrawing('783a')).toHaveLength(PIXELS);
  });
});
