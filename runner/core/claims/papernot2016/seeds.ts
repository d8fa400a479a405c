import { papernotMnist } from '../../models/papernot.ts';
import { distillation } from '../../training/distillation.ts';
import { standard } from '../../training/standard.ts';
import { type Estimate, meanOfFew, share } from '../estimate.ts';
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

/**
 * Mean over nets, with what its interval by Student's t and that of the images leave open together: nets that all say the same do not make
 * the images more.
 */
function meanRate(outcomes: Outcomes, end: End): Estimate {
  const nets = meanOfFew(ratesOf(outcomes, end), 'share');
  const images = reachedShare(outcomes, ...SEEDS.map((seed) => netId(end, seed)));
  return {
    ...nets,
    low: Math.max(0, Math.min(nets.low, images.low)),
    high: Math.min(1, Math.max(nets.high, images.high)),
  };
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
  protocol: `JSMA on probabilities, 100 images towards nine classes, on ${SEEDS.length} nets without distillation and ${SEEDS.length} distilled at T = 100, of other seeds than those of the board, each trained for ${EPOCHS} epochs; the steps of the plain ones are a tenth as long (0.01 for 0.1), because theirs does not settle at the paper’s. The interval is of the mean over nets: it counts trainings, where the paper has one, and the images.`,
  seed: 0,
  nets,
  steps: nets.map(({ id }) => ({ id, run: (context) => attackPairs(context, id) })),
  figures: [
    figureOf('undistilled', 'Pairs reached, not distilled, mean over nets', 863, '95.89', standsAt(null)),
    figureOf('distilled', 'Pairs reached, distilled at T = 100, mean over nets', 4, '0.45', standsAt(100)),
  ],
};
