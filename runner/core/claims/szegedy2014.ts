import type { Claim } from './claim.ts';
import { distortionExperiment } from './szegedy2014/distortion.ts';
import { halvesExperiment } from './szegedy2014/halves.ts';

/**
 * Nets of any kind can be fooled by changes too small to see, and part of these fool nets of other shapes and other training images.
 *
 * Source: Szegedy et al., "Intriguing properties of neural networks", ICLR 2014.
 */
export const szegedy2014: Claim = {
  id: 'szegedy2014',
  title: 'Intriguing properties of neural networks',
  paper: 'https://arxiv.org/abs/1312.6199',
  protocol:
    'MNIST, pixels in [0, 1]. The nets have the paper’s layers, sigmoids and weight decay, and are trained here by recipe. One net each, as in the paper: intervals count images and not trainings. Where no reason stands beside a gap, it was not looked into.',
  figures: [],
  experiments: [distortionExperiment, halvesExperiment],
};
