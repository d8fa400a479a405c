/**
 * Pictures to try a large net on: `node runner/bench/pictures/render.ts FOLDER PER_CLASS [SEED]` renders 20 classes (five shapes, in
 * stripes or dots, in warm or cold colours) of 224×224 pixels into a folder for each class. A picture has nine objects of its class,
 * each somewhere in its own ninth, turned, in another size and other colours; light, background and noise differ from picture to picture.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { exampleRandom } from '#core/random.ts';
import { pngOf } from '../../files/png.ts';

const SIDE = 224;
/** Objects in a row, and the side of the square that each lies in. */
const ACROSS = 3;
const CELL = 74;
const PER_THING = 12;

/** Whether a point lies in a shape of radius 1 around the origin. */
const shapes: Readonly<Record<string, (x: number, y: number) => boolean>> = {
  disc: (x, y) => Math.hypot(x, y) < 0.9,
  square: (x, y) => Math.max(Math.abs(x), Math.abs(y)) < 0.75,
  triangle: (x, y) => y < 0.6 && y > 1.9 * Math.abs(x) - 0.95,
  ring: (x, y) => Math.hypot(x, y) < 1 && Math.hypot(x, y) > 0.55,
  cross: (x, y) => Math.max(Math.abs(x), Math.abs(y)) < 1 && Math.min(Math.abs(x), Math.abs(y)) < 0.3,
};

/** 0 or 1 at a place in pixels, with a period in pixels. */
const textures: Readonly<Record<string, Class['pattern']>> = {
  striped: (x, _y, period) => (Math.sin((2 * Math.PI * x) / period) > 0 ? 1 : 0),
  dotted: (x, y, period) => (Math.cos((2 * Math.PI * x) / period) + Math.cos((2 * Math.PI * y) / period) > 0.6 ? 1 : 0),
};

/** Hues, as parts of the circle, that a class may have. */
const colours: Readonly<Record<string, readonly [from: number, to: number]>> = {
  warm: [-0.05, 0.15],
  cold: [0.45, 0.65],
};

interface Class {
  readonly name: string;
  readonly holds: (x: number, y: number) => boolean;
  readonly pattern: (x: number, y: number, period: number) => 0 | 1;
  readonly hues: readonly [from: number, to: number];
}

const classes: readonly Class[] = Object.entries(shapes).flatMap(([shape, holds]) =>
  Object.entries(textures).flatMap(([texture, pattern]) =>
    Object.entries(colours).map(([colour, hues]) => ({ name: `${colour}-${texture}-${shape}`, holds, pattern, hues })),
  ),
);

/** Red, green and blue in [0, 1] of a hue in parts of the circle. */
function rgb(hue: number, saturation: number, value: number): number[] {
  return [5, 3, 1].map((shift) => {
    const k = (((hue * 6 + shift) % 6) + 6) % 6;
    return value * (1 - saturation * Math.max(0, Math.min(k, 4 - k, 1)));
  });
}

/** One object: where it lies in its cell, and how it looks. */
interface Thing {
  readonly x: number;
  readonly y: number;
  readonly radius: number;
  readonly cos: number;
  readonly sin: number;
  readonly period: number;
  readonly colours: readonly [dark: readonly number[], bright: readonly number[]];
}

/** @param draws uniform numbers, `PER_THING` of them */
function thingOf(draws: Float32Array, hues: readonly [number, number], left: number, top: number): Thing {
  const draw = (i: number, from: number, to: number) => from + (draws[i] as number) * (to - from);
  const radius = draw(0, 20, 33);
  const turn = draw(3, -0.5, 0.5);
  const dark = rgb(draw(8, ...hues), draw(9, 0.6, 1), draw(10, 0.3, 0.5));
  const bright = rgb(draw(5, ...hues), draw(6, 0.6, 1), draw(7, 0.8, 1));
  return {
    x: left + draw(1, radius, CELL - radius),
    y: top + draw(2, radius, CELL - radius),
    radius,
    cos: Math.cos(turn),
    sin: Math.sin(turn),
    period: draw(4, 9, 14),
    colours: [dark, bright],
  };
}

/**
 * @param draws `PER_THING` uniform numbers for each object and as many for what is behind them
 * @param noise one normal number for each value
 * @returns values in [0, 1], [224 × 224 × 3]
 */
function render({ holds, pattern, hues }: Class, draws: Float32Array, noise: Float32Array): Float32Array {
  const of = (i: number) => draws.subarray(i * PER_THING, (i + 1) * PER_THING);
  const things = Array.from({ length: ACROSS * ACROSS }, (_, i) =>
    thingOf(of(i), hues, (i % ACROSS) * CELL, Math.floor(i / ACROSS) * CELL),
  );
  const [hue = 0, saturation = 0, value = 0, lightX = 0, lightY = 0] = of(things.length);
  const ground = rgb(hue, 0.3 * saturation, 0.2 + 0.7 * value);
  return noise.map((grain, i) => {
    const [x, y, channel] = [Math.floor(i / 3) % SIDE, Math.floor(i / (3 * SIDE)), i % 3];
    const last = ACROSS - 1;
    const cell = Math.min(last, Math.floor(y / CELL)) * ACROSS + Math.min(last, Math.floor(x / CELL));
    const thing = things[cell] as Thing;
    const [dx, dy] = [x - thing.x, y - thing.y];
    const [u, v] = [thing.cos * dx + thing.sin * dy, thing.cos * dy - thing.sin * dx];
    const inside = holds(u / thing.radius, v / thing.radius);
    const colour = inside ? thing.colours[pattern(u, v, thing.period)] : ground;
    const light = 1 + 0.6 * ((lightX - 0.5) * (x / SIDE - 0.5) + (lightY - 0.5) * (y / SIDE - 0.5));
    return Math.max(0, Math.min(1, (colour[channel] as number) * light + 0.04 * grain));
  });
}

const [folder, perClass, seed = '0'] = process.argv.slice(2);
const count = Number(perClass);
if (folder === undefined || !Number.isInteger(count) || count < 1) {
  console.error('usage: node runner/bench/pictures/render.ts FOLDER PER_CLASS [SEED]');
  process.exit(2);
}
const random = exampleRandom(Number(seed), 'pictures');
for (const [label, one] of classes.entries()) {
  await mkdir(join(folder, one.name), { recursive: true });
  for (let i = 0; i < count; i++) {
    const example = [label * 1_000_000 + i];
    const pixels = render(
      one,
      random.uniform(example, 0, (ACROSS * ACROSS + 1) * PER_THING),
      random.normal(example, 1, SIDE * SIDE * 3),
    );
    await writeFile(join(folder, one.name, `${String(i).padStart(4, '0')}.png`), pngOf(pixels, [SIDE, SIDE, 3]));
  }
}
