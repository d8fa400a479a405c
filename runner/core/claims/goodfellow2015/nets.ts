/** The nets of the paper, by recipe. Where it is silent (optimiser, dropout, epochs) the choice is ours. */
import { maxoutMnist } from '../../models/maxout.ts';
import { rbfMnist } from '../../models/rbf.ts';
import { softmaxRegression, softmaxRegressionMnist } from '../../models/softmax-regression.ts';
import { standard } from '../../training/standard.ts';
import type { TrainedNet } from '../experiment.ts';
import { yesOrNo } from './radial.ts';

const linear = { dropout: 0, learningRate: 0.1, momentum: 0.5, epochs: 10 };

export const softmax: TrainedNet = {
  id: 'softmax',
  architecture: softmaxRegressionMnist,
  method: standard,
  seed: 0,
  options: linear,
};

/** Softmax regression of two classes is logistic regression on the difference of its scores. */
export const logistic: TrainedNet = {
  id: 'logistic-3-7',
  architecture: softmaxRegression('logistic-3-7', 'Logistic regression of 3 and 7', [28, 28, 1], 2),
  method: standard,
  seed: 0,
  options: { ...linear, epochs: 30 },
  view: { classes: [3, 7] },
};

export const rbf: TrainedNet = {
  id: 'rbf',
  architecture: rbfMnist,
  method: yesOrNo,
  seed: 0,
  options: { dropout: 0, optimiser: 'adam', learningRate: 0.003, epochs: 8 },
};

const maxoutOptions = { dropout: 0.5, learningRate: 0.05, momentum: 0.9, epochs: 10 };

/** The paper's ensemble has twelve members. */
export const maxouts: readonly TrainedNet[] = Array.from({ length: 12 }, (_, seed) => ({
  id: `maxout-${seed}`,
  architecture: maxoutMnist,
  method: standard,
  seed,
  options: maxoutOptions,
}));

export const maxout = maxouts[0] as TrainedNet;
