import { proportion } from '../metrics/proportion.ts';
import type { Claim } from './claim.ts';
import { tradesExperiment } from './zhang2019/mnist.ts';

/**
 * Accuracy and robustness are traded by one term in the loss: how far an attack can move the probabilities of an image.
 *
 * Source: Zhang et al., "Theoretically Principled Trade-off between Robustness and Accuracy", ICML 2019.
 */
export const zhang2019: Claim = {
  id: 'zhang2019',
  title: 'Theoretically principled trade-off between robustness and accuracy',
  paper: 'https://arxiv.org/abs/1901.08573',
  protocol:
    'MNIST, a net of the paper’s layers that is trained here for fewer epochs. Numbers of the paper are those of its public board, of the net that it published.',
  figures: [
    {
      id: 'autoattack-mnist-linf-0.3',
      title: 'MNIST: accuracy under AutoAttack',
      theirs: proportion(9281, 10_000),
      printed: '92.81',
      source: 'the board of AutoAttack, github.com/fra31/auto-attack',
      stands: { low: 0.8 },
      submission: 'Zhang2019Trades',
      suite: 'autoattack-standard',
      track: 'mnist-linf-0.3',
      measure: (result) => result.robustAccuracy,
    },
  ],
  experiments: [tradesExperiment],
};
