/** The nets of the paper, by recipe. Where it is silent (optimiser, dropout, epochs) the choice is ours. */
import { maxoutMnist } from '../../models/maxout.ts';
import { softmaxRegression, softmaxRegressionMnist } from '../../models/softmax-regression.ts';
import { fgsm } from '../../training/fgsm.ts';
import { noise } from '../../training/noise.ts';
import { standard } from '../../training/standard.ts';
import type { TrainedNet } from '../experiment.ts';
import { radialNet, yesOrNo } from './radial.ts';
import { sigmoidMaxout } from './sigmoid-maxout.ts';

const linear = { dropout: 0, learningRate: 0.1, momentum: 0.5, epochs: 5 };

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
  options: { ...linear, epochs: 15 },
  view: { classes: [3, 7] },
};

export const rbf: TrainedNet = {
  id: 'rbf',
  architecture: radialNet,
  method: yesOrNo,
  seed: 0,
  options: { dropout: 0, optimiser: 'adam', learningRate: 0.003, batchSize: 250, epochs: 4, annealEpochs: 2 },
};

const maxoutOptions = { dropout: 0.2, learningRate: 0.05, momentum: 0.9, epochs: 4, annealEpochs: 2 };

export const maxout: TrainedNet = {
  id: 'maxout',
  architecture: maxoutMnist,
  method: standard,
  seed: 0,
  options: maxoutOptions,
};

/** The maxout net that may say no to every class. */
export const maxoutSigmoid: TrainedNet = {
  ...maxout,
  id: 'maxout-sigmoid',
  architecture: sigmoidMaxout,
  method: yesOrNo,
};

/** The paper's ensemble has twelve members; ours are trained for one epoch each. */
export const members: readonly TrainedNet[] = Array.from({ length: 12 }, (_, seed) => ({
  ...maxout,
  id: `member-${seed}`,
  seed,
  options: { ...maxoutOptions, epochs: 1, annealEpochs: 1 },
}));

/** Trained on the mean of the loss on an image and on that image after one step of ε = 0.25. */
export const maxoutAdversarial: TrainedNet = {
  ...maxout,
  id: 'maxout-adversarial',
  method: fgsm,
  options: { ...maxoutOptions, epsilon: 0.25 },
};

/** The controls: noise as large as that step, of random signs, and uniform. */
export const maxoutSigns: TrainedNet = {
  ...maxout,
  id: 'maxout-signs',
  method: noise,
  options: { ...maxoutOptions, epochs: 1, annealEpochs: 1, noise: 'signs', scale: 0.25 },
};
export const maxoutUniform: TrainedNet = {
  ...maxout,
  id: 'maxout-uniform',
  method: noise,
  options: { ...maxoutOptions, epochs: 1, annealEpochs: 1, noise: 'uniform', scale: 0.25 },
};
