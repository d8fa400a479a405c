import type { Experiment } from '../experiment.ts';
import { confidenceFigure, confidenceOf, errorFigure, errorOf } from './attacked.ts';
import { oneStepAt } from './fgsm.ts';
import { maxoutCifar10 } from './maxout-cifar10.ts';

const { id } = maxoutCifar10;
/** Of the paper's attack on CIFAR-10, in pixel units. */
const EPSILON = 0.1;
const most = { low: 0.75, words: 'most images are misclassified (at least 75 %)' };

export const convolutionalExperiment: Experiment = {
  id: 'fgsm-cifar10',
  title: 'One step along the sign of the gradient, a convolutional net',
  source: '§4',
  dataset: 'cifar10',
  protocol: `A convolutional maxout net on CIFAR-10, of 32, 64 and 64 units where the paper’s has 96, 192 and 192, trained here for 12 epochs. All 10,000 test images, ε = ${EPSILON}; the step may leave the pixel range or is clipped to it. The paper’s images are preprocessed, so that its ε is in another unit, which it does not name; ours are pixels in [0, 1]. Confidence: mean probability of the wrong class, over images that were right before.`,
  seed: 0,
  nets: [maxoutCifar10],
  steps: [oneStepAt(maxoutCifar10, EPSILON)],
  figures: [
    {
      id: 'clean',
      title: 'Error of the convolutional maxout net without an attack',
      theirs: null,
      stands: { high: 0.4, words: 'it has learnt the classes (at most 40 % wrong)' },
      ours: (outcomes) => errorOf(outcomes, id, 'clean'),
    },
    errorFigure('error', 'Its error under one step', '87.15', most, (outcomes) => errorOf(outcomes, id, 'unclipped')),
    errorFigure('error-clipped', 'Its error under one step, clipped', '87.15', most, (outcomes) =>
      errorOf(outcomes, id, 'clipped'),
    ),
    confidenceFigure(
      'confidence',
      'Its mean confidence in the mistakes',
      '96.6',
      { low: 0.5, words: 'the net is sure of its mistakes (on average at least 50 %)' },
      (outcomes) => confidenceOf(outcomes, id, 'unclipped', 'clean'),
    ),
  ],
};
