/** The nets of the paper, by recipe. Where it is silent (optimiser, dropout, epochs) the choice is ours. */
import { maxoutMnist } from '../../models/maxout.ts';
import { rbfMnist } from '../../models/rbf.ts';
import { softmaxRegression, softmaxRegressionMnist } from '../../models/softmax-regression.ts';
import type { TrainedNet } from '../experiment.ts';

const recipe = { method: 'standard', dataset: 'mnist', seed: 0 } as const;
const linear = { dropout: 0, learningRate: 0.1, momentum: 0.5, epochs: 10 };

export const softmax: TrainedNet = {
  id: 'softmax',
  architecture: softmaxRegressionMnist,
  recipe: { ...recipe, options: linear },
};

/** Softmax regression of two classes is logistic regression on the difference of its scores. */
export const logistic: TrainedNet = {
  id: 'logistic-3-7',
  architecture: softmaxRegression('logistic-3-7', 'Logistic regression of 3 and 7', [28, 28, 1], 2),
  recipe: { ...recipe, options: { ...linear, epochs: 30 } },
  view: { classes: [3, 7] },
};

export const rbf: TrainedNet = {
  id: 'rbf',
  architecture: rbfMnist,
  recipe: { ...recipe, options: { dropout: 0, learningRate: 0.01, momentum: 0.5, epochs: 20 } },
};

/** The paper's ensemble has twelve members. */
export const maxouts: readonly TrainedNet[] = Array.from({ length: 12 }, (_, seed) => ({
  id: `maxout-${seed}`,
  architecture: maxoutMnist,
  recipe: { ...recipe, seed, options: { dropout: 0.5, learningRate: 0.05, momentum: 0.9, epochs: 10 } },
}));

export const maxout = maxouts[0] as TrainedNet;
