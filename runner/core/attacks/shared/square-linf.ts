import { project } from '../../projections.ts';
import type { AttackContext } from '../attack.ts';
import type { Moves } from './random-search.ts';

/**
 * Moves of the Square attack in L∞: every value is at one edge of the ball, or at the edge of the pixel range before it.
 *
 * The start is vertical stripes one pixel wide, each channel with a random sign of its own; a move sets a random square of
 * pixels to one edge, again with a sign per channel.
 *
 * Source: Andriushchenko et al., "Square Attack", ECCV 2020, https://arxiv.org/abs/1912.00049, algorithm 2.
 * @param clean images of the whole batch, [rows × size]
 * @param side side of the square at a query
 */
export function linfMoves({ x, epsilon }: AttackContext, clean: Float32Array, side: (query: number) => number): Moves {
  const [, height, width, channels] = x.shape;
  const size = height * width * channels;
  const edges = [-epsilon, epsilon].map((shift) => {
    const edge = clean.map((value) => value + shift);
    project(clean, edge, size, 'Linf', epsilon);
    return edge;
  }) as [Float32Array, Float32Array];
  const edgeOf = (u: number | undefined) => edges[(u as number) < 0.5 ? 0 : 1];

  return {
    draws: (query) => (query === 0 ? width * channels : 2 + channels),
    start(image, row, u) {
      for (let i = 0; i < size; i++) image[i] = edgeOf(u[i % (width * channels)])[row * size + i] as number;
    },
    propose(image, row, query, u) {
      const s = side(query);
      const top = Math.floor((u[0] as number) * (height - s + 1));
      const left = Math.floor((u[1] as number) * (width - s + 1));
      for (let channel = 0; channel < channels; channel++) {
        const edge = edgeOf(u[2 + channel]);
        for (let h = top; h < top + s; h++) {
          const from = (h * width + left) * channels + channel;
          for (let i = from; i < from + s * channels; i += channels) image[i] = edge[row * size + i] as number;
        }
      }
    },
  };
}
