import type { Norm } from '#core/projections.ts';
import { tracks } from '#core/tracks.ts';

/** How the budget of a norm is set in the lab. */
export interface Ball {
  readonly norm: Norm;
  readonly label: string;
  /** Name of the budget. */
  readonly symbol: string;
  /** What one unit of the budget is. */
  readonly help: string;
  /** The budget of MNIST's track in this norm, or a customary one where there is no track. */
  readonly default: number;
  /** No image is farther from another than this. */
  readonly maximum: number;
  /** Where the slider ends; the number field goes on to `maximum`. */
  readonly slider: number;
  readonly step: number;
}

function trackBudget(norm: Norm, otherwise: number): number {
  return tracks.find((track) => track.dataset === 'mnist' && track.norm === norm)?.epsilon ?? otherwise;
}

export const balls: Readonly<Record<Norm, Ball>> = {
  Linf: {
    norm: 'Linf',
    symbol: 'ε (L∞)',
    label: 'L∞: every pixel a little',
    help: 'How far each pixel may move; black is 0 and white is 1.',
    default: trackBudget('Linf', 0.3),
    maximum: 1,
    slider: 0.6,
    step: 0.01,
  },
  L2: {
    norm: 'L2',
    symbol: 'ε (L2)',
    label: 'L2: a total length',
    help: 'The length of the whole change: the root of the sum of its squares.',
    default: trackBudget('L2', 2),
    maximum: 28,
    slider: 6,
    step: 0.1,
  },
  L1: {
    norm: 'L1',
    symbol: 'ε (L1)',
    label: 'L1: a total amount',
    help: 'The sum of all changes, whatever their sign.',
    default: trackBudget('L1', 10),
    maximum: 784,
    slider: 40,
    step: 0.5,
  },
  L0: {
    norm: 'L0',
    symbol: 'Pixels that may change',
    label: 'L0: a number of pixels',
    help: 'How many of the 784 pixels may change; those may change wholly.',
    default: trackBudget('L0', 112),
    maximum: 784,
    slider: 200,
    step: 1,
  },
};
