import type { Claim } from './claim.ts';
import { foolingExperiment } from './nguyen2015/fooling.ts';

/**
 * Nets are nearly certain of images in which a person sees nothing.
 *
 * Source: Nguyen et al., "Deep Neural Networks are Easily Fooled", CVPR 2015.
 */
export const nguyen2015: Claim = {
  id: 'nguyen2015',
  title: 'Deep neural networks are easily fooled',
  paper: 'https://arxiv.org/abs/1412.1897',
  protocol: 'MNIST and LeNet, with the paper’s settings of evolution where it prints them.',
  figures: [],
  experiments: [foolingExperiment],
};
