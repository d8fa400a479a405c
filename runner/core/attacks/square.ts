import { z } from 'zod';
import type { Attack } from './attack.ts';
import { randomSearch, searchOptions } from './shared/random-search.ts';
import { linfMoves } from './shared/square-linf.ts';
import { windowMoves } from './shared/square-windows.ts';

const optionsSchema = z.strictObject({
  queries: searchOptions.queries(5000),
  initialShare: z
    .number()
    .positive()
    .max(1)
    .default(0.8)
    .describe('Share of the pixels that the first squares cover (p); it is halved nine times on the way.'),
  restarts: searchOptions.restarts,
  rescaleSchedule: z
    .boolean()
    .default(false)
    .describe('Halve at the same shares of `queries` instead of at the queries that the paper has for 10,000.'),
  loss: searchOptions.loss,
});

/** Moves after which the share of pixels is halved, of the 10,000 that the schedule is made for. */
const HALVINGS = [10, 50, 200, 500, 1000, 2000, 4000, 6000, 8000];
const SCHEDULED = 10_000;

/**
 * Square attack, L∞, L2 or L1, with or without a target: random search over changes that are squares.
 *
 * An image starts with a change of full length (L∞: vertical stripes; L2 and L1: a tiling with bumps). Each query changes one square,
 * whose side falls on a schedule, and is kept if it lowers the loss. An image leaves the batch at its first success.
 *
 * Source: Andriushchenko et al., "Square Attack: a query-efficient black-box adversarial attack via random search", ECCV 2020,
 * https://arxiv.org/abs/1912.00049, §3 and its authors' code for the schedule, which has one halving more (500) than §4.
 * Defaults: AutoAttack's standard (Croce & Hein, https://arxiv.org/abs/2003.01690): 5,000 queries, p = 0.8 and the schedule for
 * 10,000, of which they see the first half.
 * Departs from AutoAttack's code in three ways: squares differ from image to image; as in the paper they may touch
 * the lower and the right edge, which the code leaves out; and the start is one of the queries, as in the paper.
 */
export const square: Attack<typeof optionsSchema> = {
  id: 'square',
  name: 'Square',
  norms: ['Linf', 'L2', 'L1'],
  kind: 'fixed-epsilon',
  access: 'scores',
  targeted: 'optional',
  paper: 'https://arxiv.org/abs/1912.00049',
  optionsSchema,

  async perturb(context, options) {
    const [, height, width] = context.x.shape;
    const pace = options.rescaleSchedule ? SCHEDULED / options.queries : 1;
    const side = (query: number) => {
      const move = Math.floor((query - 1) * pace);
      const share = options.initialShare / 2 ** HALVINGS.filter((after) => move > after).length;
      return Math.min(Math.max(1, Math.round(Math.sqrt(share * height * width))), height, width);
    };
    const clean = (await context.x.data<'float32'>()).slice();
    const moves = context.norm === 'Linf' ? linfMoves : windowMoves;
    return randomSearch(context, options, moves(context, clean, side));
  },
};
