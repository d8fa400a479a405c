import { papernotMnist } from '../../models/papernot.ts';
import { distillation } from '../../training/distillation.ts';
import { standard } from '../../training/standard.ts';
import { type Estimate, mean, share } from '../estimate.ts';
import type { Experiment, ExperimentFigure, Outcomes, TrainedNet } from '../experiment.ts';
import { attackPairs, reachedShare } from './pairs.ts';
import { standsAt } from './rates.ts';

const SEEDS = [1, 2, 3];
const EPOCHS = 15;

const ends = {
  undistilled: { method: standard, options: { epochs: EPOCHS, learningRate: 0.01 } },
  distilled: { method: distillation, options: { epochs: EPOCHS, temperature: 100 } },
} as const;
type End = keyof typeof ends;

const netId = (end: End, seed: number) => `${end}-${seed}`;

const netsOf = (end: End): TrainedNet[] =>
  SEEDS.map((seed) => ({ id: netId(end, seed), architecture: papernotMnist, seed, ...ends[end] }));

const ratesOf = (outcomes: Outcomes, end: End) => SEEDS.map((seed) => reachedShare(outcomes, netId(end, seed)).value);

/** 97.5 % quantile of Student's t by that of the normal distribution, at two degrees of freedom: three nets tell little of their spread. */
const WIDER = 4.302652729911275 / 1.959963984540054;

/** Mean over nets with its interval by Student's t, within what a share may be. */
function meanRate(outcomes: Outcomes, end: End): Estimate {
  const { value, low } = mean(ratesOf(outcomes, end), 'share');
  const half = WIDER * (value - low);
  return { value, low: Math.max(0, value - half), high: Math.min(1, value + half), unit: 'share' };
}

const percent = (rate: number) => `${(100 * rate).toFixed(1)} %`;

function figureOf(
  end: End,
  title: string,
  pairs: number,
  printed: string,
  stands: ExperimentFigure['stands'],
): ExperimentFigure {
  return {
    id: end,
    title,
    theirs: share(pairs, 900),
    printed,
    stands,
    ours: (outcomes) => meanRate(outcomes, end),
    gap: (outcomes) => `The ${SEEDS.length} nets by themselves: ${ratesOf(outcomes, end).map(percent).join(', ')}.`,
  };
}

const nets = [...netsOf('undistilled'), ...netsOf('distilled')];

/** What another training changes: the ends of the curve, of nets that differ by the seed alone. */
export const seedsExperiment: Experiment = {
  id: 'seeds',
  title: 'The ends of the curve, trained again',
  source: '§V',
  protocol: `JSMA on probabilities, 100 images towards nine classes, on ${SEEDS.length} nets without distillation and ${SEEDS.length} distilled at T = 100, of other seeds than those of the board, each trained for ${EPOCHS} epochs. The interval is of the mean over nets: it counts trainings, where the paper has one.`,
  seed: 0,
  nets,
  steps: nets.map(({ id }) => ({ id, run: (context) => attackPairs(context, id) })),
  figures: [
    figureOf('undistilled', 'Pairs reached, not distilled, mean over nets', 863, '95.89', standsAt(null)),
    figureOf('distilled', 'Pairs reached, distilled at T = 100, mean over nets', 4, '0.45', standsAt(100)),
  ],
};
