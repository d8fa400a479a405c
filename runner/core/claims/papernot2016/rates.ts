/**
 * The paper's success rates of JSMA, by temperature.
 *
 * Source: Papernot et al., "Distillation as a Defense to Adversarial Perturbations against Deep Neural Networks", S&P 2016,
 * https://arxiv.org/abs/1511.04508, §V and figure 7.
 */
import { proportion } from '../../metrics/proportion.ts';
import type { Proportion } from '../../result.ts';

/** 100 images towards nine classes each. */
const PAIRS = 900;
/** Values read off the printed figure hold to 0.3 points. */
const READING_ERROR = 0.003;

/** The curve: percent of 900 pairs by temperature; null: not distilled. */
export const rates = {
  mnist: [
    [null, 95.89],
    [1, 91],
    [2, 82.23],
    [5, 24.67],
    [10, 6.78],
    [20, 1.34],
    [30, 1.44],
    [40, 0.45],
    [50, 1.45],
    [100, 0.45],
  ],
  cifar10: [
    [null, 87.89],
    [1, 92.78],
    [2, 87.67],
    [5, 67],
    [10, 47.56],
    [20, 18.23],
    [30, 13.23],
    [40, 9.34],
    [50, 6.23],
    [100, 5.11],
  ],
} as const;

export type PaperDataset = keyof typeof rates;

/** Submissions at the ends of the curve: the net without distillation, and the one at T = 100. */
export const ends = {
  mnist: { undistilled: 'Undefended', distilled: 'Papernot2016Distillation' },
  cifar10: { undistilled: 'UndefendedCifar', distilled: 'Papernot2016DistillationCifar' },
} as const;

export const names = { mnist: 'MNIST', cifar10: 'CIFAR-10' } as const;

/** The paper prints the two ends; the rates between are read off its figure. */
export function isEnd(temperature: number | null): boolean {
  return temperature === null || temperature === 100;
}

/** A rate with its interval: whole numbers of pairs where it is printed, with the error of the reading on top where it is read off the figure. */
export function printedRate(percent: number, exact: boolean): Proportion {
  const interval = proportion(Math.round((percent / 100) * PAIRS), PAIRS);
  if (exact) return interval;
  return {
    ...interval,
    low: Math.max(0, interval.low - READING_ERROR),
    high: Math.min(1, interval.high + READING_ERROR),
  };
}

/** Where the paper's conclusion stands: most attacks succeed up to temperature 2, fewer at 5 and 10, and few from 20 on. */
export function standsAt(temperature: number | null): { low?: number; high?: number; words: string } {
  if (temperature === null || temperature <= 2) return { low: 0.5, words: 'most attacks succeed (at least half)' };
  if (temperature <= 10) return { high: 0.75, words: 'fewer attacks succeed (at most three of four)' };
  return { high: 0.2, words: 'few attacks succeed (at most one of five)' };
}
