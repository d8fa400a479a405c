import type { Claim } from './claim.ts';
import { matrixExperiment } from './papernot2016transferability/matrix.ts';

/**
 * Adversarial examples made for one technique of learning mislead others, and not nets alone.
 *
 * Source: Papernot, McDaniel & Goodfellow, "Transferability in Machine Learning: from Phenomena to Black-Box Attacks using Adversarial
 * Samples", 2016.
 */
export const papernot2016transferability: Claim = {
  id: 'papernot2016transferability',
  title: 'Transferability in machine learning',
  paper: 'https://arxiv.org/abs/1605.07277',
  protocol:
    'MNIST, pixels in [0, 1]. One model of each technique: intervals count images and not trainings. Where no reason stands beside a gap, it was not looked into.',
  figures: [],
  experiments: [matrixExperiment],
};
