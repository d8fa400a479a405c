import { exampleRandom } from '../../random.ts';
import { mean, share } from '../estimate.ts';
import type { Experiment, Outcomes, TrainedNet } from '../experiment.ts';
import { judge, judgedIn, stored } from '../judged.ts';
import { confidenceFigure, errorFigure } from './attacked.ts';
import { maxout, maxoutSigmoid, rbf, softmax } from './nets.ts';
import { ownProbabilities } from './radial.ts';

const IMAGES = 10_000;
const PIXELS = 784;
/** A net errs on rubbish when it is surer than this of any class: there is none. */
const SURE = 0.5;

const nets: readonly TrainedNet[] = [softmax, maxout, maxoutSigmoid, rbf];
/** Nets that say of each class by itself how likely it is. */
const byClass: readonly string[] = [rbf.id, maxoutSigmoid.id];

const sure = (outcomes: Outcomes, id: string, bar = SURE) =>
  Array.from(judgedIn(outcomes, `${id}.rubbish`).confidence).filter((confidence) => confidence > bar);

const error = (id: string) => (outcomes: Outcomes) => share(sure(outcomes, id).length, IMAGES);

export const rubbishExperiment: Experiment = {
  id: 'rubbish',
  title: 'Rubbish images',
  source: 'appendix A',
  protocol:
    '10,000 images of N(0, 1) for each pixel, not clipped. A net errs on one when it gives any class more than 50 %. The nets with a softmax must choose; the RBF net, and a maxout net with a sigmoid for each class, say of each by itself how likely it is.',
  seed: 0,
  nets,
  steps: nets.map(({ id }) => ({
    id,
    async run({ net, pause, seed }) {
      const rows = Int32Array.from({ length: IMAGES }, (_, row) => row);
      const images = exampleRandom(seed, 'rubbish').normal(rows, 0, PIXELS);
      return stored(
        'rubbish',
        await judge(net(id), images, pause, byClass.includes(id) ? ownProbabilities : undefined),
      );
    },
  })),
  figures: [
    errorFigure(
      'maxout',
      'Rubbish that the maxout net is sure of',
      '98.35',
      { low: 0.5, words: 'it is sure of most rubbish (at least half)' },
      error(maxout.id),
    ),
    confidenceFigure(
      'maxout-confidence',
      'Its mean confidence there',
      '92.8',
      { low: 0.7, words: 'and very sure (on average at least 70 %)' },
      (outcomes) => mean(sure(outcomes, maxout.id), 'share'),
    ),
    {
      ...errorFigure(
        'softmax',
        'Rubbish that softmax regression is sure of',
        '59.8',
        { low: 0.3, words: 'a shallow net is sure of much rubbish too (at least 30 %)' },
        error(softmax.id),
      ),
      gap: (outcomes) =>
        `Our softmax regression is surer of everything, as of its mistakes under one step: it is more than 70 % sure of ${((100 * sure(outcomes, softmax.id, 0.7).length) / IMAGES).toFixed(1)} % of this rubbish.`,
    },
    errorFigure(
      'sigmoid',
      'Rubbish that the maxout net with sigmoids is sure of',
      '68',
      { low: 0.3, words: 'that it may say no to all helps little (at least 30 %)' },
      error(maxoutSigmoid.id),
    ),
    errorFigure(
      'rbf',
      'Rubbish that the RBF net is sure of',
      '0',
      { high: 0.05, words: 'an RBF net is sure of none (at most 5 %)' },
      error(rbf.id),
    ),
  ],
};
