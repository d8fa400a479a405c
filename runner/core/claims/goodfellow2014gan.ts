import type { Claim } from './claim.ts';
import { trainingExperiment } from './goodfellow2014gan/training.ts';

/**
 * A generator learns to make images by deceiving a net that learns to tell them from real ones, until it can no longer.
 *
 * Source: Goodfellow et al., "Generative Adversarial Nets", NIPS 2014.
 */
export const goodfellow2014gan: Claim = {
  id: 'goodfellow2014gan',
  title: 'Generative adversarial nets',
  paper: 'https://arxiv.org/abs/1406.2661',
  protocol:
    'MNIST, one training. What the paper proves of nets without limits is held against nets as they are: there it says in words what ours is to be.',
  figures: [],
  experiments: [trainingExperiment],
};
