import { l1Threshold } from '../../projections.ts';
import type { AttackContext } from '../attack.ts';
import type { Moves } from './random-search.ts';
import { oppositeBumps, type Power } from './square-bump.ts';

/** The smallest window: a middle and something around it. */
const LEAST_SIDE = 3;

/** Keeps a ratio finite where a window is empty. */
const TINY = 1e-12;

/** A square of pixels. */
interface Window {
  readonly top: number;
  readonly left: number;
  readonly side: number;
}

/**
 * Moves of the Square attack in L2 and L1: the change is as long as the ball allows, before it is clipped to the pixel range.
 *
 * The start tiles the image with pairs of opposite bumps, five to a side. A move takes the change out of one random window and
 * puts it, with what clipping has left to spare, into another one: there it goes along the old direction plus that of a pair of
 * bumps, of random sign and orientation. The sign and the lengths are of each channel by itself.
 *
 * Source: Andriushchenko et al., "Square Attack", ECCV 2020, https://arxiv.org/abs/1912.00049, algorithm 3; the tiling and the
 * least side are those of its authors' published code; L1 is AutoAttack's, where a window gets as many times its length as
 * there are channels, and the change is projected onto the ball and the pixel range together.
 * @param clean images of the whole batch, [rows × size]
 * @param side side of the window at a query, before it is made odd
 */
export function windowMoves(
  { x, epsilon, norm }: AttackContext,
  clean: Float32Array,
  side: (query: number) => number,
): Moves {
  const [, height, width, channels] = x.shape;
  const size = height * width * channels;
  const power: Power = norm === 'L1' ? 1 : 2;
  const tiles = tiling(height, width);
  const pairs = new Map<number, Float64Array>();
  const change = new Float64Array(size);
  const write = power === 1 ? projector(clean, change, epsilon) : stretcher(clean, change, epsilon);

  const mass = (value: number) => (power === 1 ? Math.abs(value) : value * value);
  const length = (total: number) => (power === 1 ? total : Math.sqrt(total));

  function bumpsOf(s: number): Float64Array {
    const made = pairs.get(s) ?? oppositeBumps(s, power);
    pairs.set(s, made);
    return made;
  }

  /** Takes one channel's change out of `from`, unless it is in `into` too. @returns its mass */
  function take(from: Window, into: Window, channel: number): number {
    let taken = 0;
    for (let h = from.top; h < from.top + from.side; h++) {
      for (let w = from.left; w < from.left + from.side; w++) {
        const [down, right] = [h - into.top, w - into.left];
        if (down >= 0 && down < into.side && right >= 0 && right < into.side) continue;
        const i = (h * width + w) * channels + channel;
        taken += mass(change[i] as number);
        change[i] = 0;
      }
    }
    return taken;
  }

  /** Turns one channel's change in a window towards the bumps, adds `gain` to its mass, and multiplies its length. */
  function turn({ top, left, side: s }: Window, channel: number, u: [number, number], gain: number, times: number) {
    const bumps = bumpsOf(s);
    const [upright, sign] = [u[0] < 0.5, u[1] < 0.5 ? 1 : -1];
    const at = (i: number, j: number) => ((top + i) * width + left + j) * channels + channel;
    let old = 0;
    for (let i = 0; i < s; i++) for (let j = 0; j < s; j++) old += mass(change[at(i, j)] as number);
    const share = 1 / (TINY + length(old));
    let mixed = 0;
    for (let i = 0; i < s; i++) {
      for (let j = 0; j < s; j++) {
        const bump = bumps[upright ? i * s + j : j * s + i] as number;
        const value = share * (change[at(i, j)] as number) + sign * bump;
        change[at(i, j)] = value;
        mixed += mass(value);
      }
    }
    const scale = (times * length(old + gain)) / (TINY + length(mixed));
    for (let i = 0; i < s; i++) for (let j = 0; j < s; j++) change[at(i, j)] = scale * (change[at(i, j)] as number);
  }

  return {
    draws: (query) => (query === 0 ? tiles.length * (1 + channels) : 5 + channels),
    start(image, row, u) {
      change.fill(0);
      for (const [k, tile] of tiles.entries()) {
        const from = k * (1 + channels);
        for (let channel = 0; channel < channels; channel++) {
          turn(tile, channel, [u[from] as number, u[from + 1 + channel] as number], 1, 1);
        }
      }
      write(image, row);
    },
    propose(image, row, query, u) {
      const s = Math.min(oddFrom(Math.max(LEAST_SIDE, side(query))), height, width);
      const place = (v: number | undefined, extent: number) => Math.floor((v as number) * (extent - s + 1));
      const into = { top: place(u[0], height), left: place(u[1], width), side: s };
      const from = { top: place(u[2], height), left: place(u[3], width), side: s };
      let total = 0;
      for (let i = 0; i < size; i++) {
        const value = (image[i] as number) - (clean[row * size + i] as number);
        change[i] = value;
        total += mass(value);
      }
      const spare = Math.max(0, epsilon ** power - total) / channels;
      for (let channel = 0; channel < channels; channel++) {
        const gain = spare + take(from, into, channel);
        turn(into, channel, [u[4] as number, u[5 + channel] as number], gain, power === 1 ? channels : 1);
      }
      write(image, row);
    },
  };
}

/** @returns a function that writes x plus the change, stretched to the L2 length ε and clipped */
function stretcher(clean: Float32Array, change: Float64Array, epsilon: number) {
  const size = change.length;
  return (image: Float32Array, row: number) => {
    let square = 0;
    for (let i = 0; i < size; i++) square += (change[i] as number) ** 2;
    const scale = epsilon / (TINY + Math.sqrt(square));
    for (let i = 0; i < size; i++) {
      const value = (clean[row * size + i] as number) + scale * (change[i] as number);
      image[i] = value < 0 ? 0 : value > 1 ? 1 : value;
    }
  };
}

/** @returns a function that writes the point of the L1 ball and the pixel range that is nearest to x plus the change */
function projector(clean: Float32Array, change: Float64Array, epsilon: number) {
  const size = change.length;
  const extents = new Float32Array(size);
  const rooms = new Float32Array(size);
  return (image: Float32Array, row: number) => {
    for (let i = 0; i < size; i++) {
      const value = change[i] as number;
      const origin = clean[row * size + i] as number;
      extents[i] = Math.abs(value);
      rooms[i] = Math.min(Math.abs(value), value > 0 ? 1 - origin : origin);
    }
    const threshold = l1Threshold(extents, rooms, epsilon * (1 - 1e-6));
    for (let i = 0; i < size; i++) {
      const left = Math.min(Math.max(0, (extents[i] as number) - threshold), rooms[i] as number);
      image[i] = (clean[row * size + i] as number) + ((change[i] as number) > 0 ? left : -left);
    }
  };
}

const oddFrom = (side: number) => side + 1 - (side % 2);

/** Squares of a fifth of the shorter side, as many as fit, in the middle of the image. */
function tiling(height: number, width: number): Window[] {
  const side = Math.max(1, Math.floor(Math.min(height, width) / 5));
  const [rows, columns] = [Math.floor(height / side), Math.floor(width / side)];
  const [top, left] = [Math.floor((height % side) / 2), Math.floor((width % side) / 2)];
  return Array.from({ length: rows * columns }, (_, k) => ({
    top: top + side * Math.floor(k / columns),
    left: left + side * (k % columns),
    side,
  }));
}
