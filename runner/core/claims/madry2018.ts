import { proportion } from '../metrics/proportion.ts';
import type { Claim, Figure } from './claim.ts';
import { cifar10Experiment } from './madry2018/cifar10.ts';
import { l2Experiment } from './madry2018/l2.ts';
import { mnistExperiment } from './madry2018/mnist.ts';

/** Images that the figures of others are of. */
const TEST_IMAGES = 10_000;
const board = 'the board of AutoAttack, github.com/fra31/auto-attack';

const robust = (
  track: string,
  title: string,
  printed: string,
  source: string,
  stands: NonNullable<Figure['stands']>,
  submission = 'Madry2018AdversarialTraining',
): Figure => ({
  id: `autoattack-${track}`,
  title,
  theirs: proportion(Math.round(100 * Number(printed)), TEST_IMAGES),
  printed,
  source,
  stands,
  submission,
  suite: 'autoattack-standard',
  track,
  measure: (result) => result.robustAccuracy,
});

/**
 * Training on images that projected gradient descent makes anew in every step gives nets that withstand it, and whatever else is known.
 *
 * Source: Madry et al., "Towards Deep Learning Models Resistant to Adversarial Attacks", ICLR 2018.
 */
export const madry2018: Claim = {
  id: 'madry2018',
  title: 'Towards deep learning models resistant to adversarial attacks',
  paper: 'https://arxiv.org/abs/1706.06083',
  protocol:
    'The nets of the board that are trained so; smaller than the paper’s and trained for less. Numbers of the paper are those of the public boards of its challenges, of the nets that it published, but for the 93.2 % under 40 steps: that is the paper’s own table, and of another evaluation.',
  figures: [
    robust('mnist-linf-0.3', 'MNIST: accuracy under AutoAttack', '88.50', board, { low: 0.8 }),
    robust(
      'cifar10-linf-8-255',
      'CIFAR-10: accuracy under AutoAttack',
      '44.04',
      board,
      { low: 0.2 },
      'Madry2018AdversarialCifar',
    ),
    robust(
      'mnist-l2-2',
      'MNIST, L2, ε = 2, trained in L∞: accuracy under AutoAttack',
      '14.10',
      'github.com/MTandHJ/PyTorch-Robust, a small net trained by PGD in L∞',
      { high: 0.5 },
    ),
  ],
  experiments: [mnistExperiment, cifar10Experiment, l2Experiment],
};
