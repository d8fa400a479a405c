import type { Claim } from './claim.ts';
import { adversarialTrainingExperiment } from './goodfellow2015/adversarial-training.ts';
import { agreementExperiment } from './goodfellow2015/agreement.ts';
import { convolutionalExperiment } from './goodfellow2015/convolutional.ts';
import { dimensionExperiment } from './goodfellow2015/dimension.ts';
import { ensembleExperiment } from './goodfellow2015/ensemble.ts';
import { fgsmExperiment } from './goodfellow2015/fgsm.ts';
import { lineExperiment } from './goodfellow2015/line.ts';
import { noiseExperiment } from './goodfellow2015/noise.ts';
import { pandaExperiment } from './goodfellow2015/panda.ts';
import { rubbishExperiment } from './goodfellow2015/rubbish.ts';

/**
 * Adversarial examples come from nets being too linear: one step along the sign of the gradient fools them, and so it does shallow ones.
 *
 * Source: Goodfellow et al., "Explaining and Harnessing Adversarial Examples", ICLR 2015.
 */
export const goodfellow2015: Claim = {
  id: 'goodfellow2015',
  title: 'Explaining and harnessing adversarial examples',
  paper: 'https://arxiv.org/abs/1412.6572',
  protocol:
    'MNIST where CIFAR-10 is not named, pixels in [0, 1]. The nets are trained here by recipe: the paper leaves open its optimiser, dropout and epochs. Numbers of one net each, as in the paper, so that intervals count images and not trainings. Where no reason stands beside a gap, it was not looked into.',
  figures: [],
  experiments: [
    pandaExperiment,
    fgsmExperiment,
    convolutionalExperiment,
    agreementExperiment,
    rubbishExperiment,
    lineExperiment,
    dimensionExperiment,
    adversarialTrainingExperiment,
    noiseExperiment,
    ensembleExperiment,
  ],
};
