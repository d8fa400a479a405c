import type { Claim } from './claim.ts';
import { detectorExperiment } from './xu2018/detector.ts';

/**
 * Adversarial images can be told by how much a net changes its mind when they are squeezed.
 *
 * Source: Xu et al., "Feature Squeezing: Detecting Adversarial Examples in Deep Neural Networks", NDSS 2018.
 */
export const xu2018: Claim = {
  id: 'xu2018',
  title: 'Feature squeezing: detecting adversarial examples in deep neural networks',
  paper: 'https://arxiv.org/abs/1704.01155',
  protocol:
    'MNIST, the undefended net of the board. A rejected image is counted as what it is: a clean one as wrong, an adversarial one as harmless. Attacks that do not know of the detector stand beside one that does.',
  figures: [],
  experiments: [detectorExperiment],
};
