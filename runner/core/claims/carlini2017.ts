import { distanceExperiment } from './carlini2017/distance.ts';
import { logitsExperiment } from './carlini2017/logits.ts';
import { nearestExperiments } from './carlini2017/nearest.ts';
import { repairedExperiment } from './carlini2017/repaired.ts';
import { transferExperiment } from './carlini2017/transfer.ts';
import type { Claim } from './claim.ts';

/**
 * Defensive distillation protects from nothing but attacks that saturated probabilities blind.
 *
 * Source: Carlini & Wagner, "Towards Evaluating the Robustness of Neural Networks", S&P 2017.
 */
export const carlini2017: Claim = {
  id: 'carlini2017',
  title: 'Towards evaluating the robustness of neural networks',
  paper: 'https://arxiv.org/abs/1608.04644',
  protocol:
    'MNIST, the nets of the board with and without distillation at T = 100; where other temperatures are asked for, those of the temperature curve. Its success against the distilled net stands with the paper that proposed distillation.',
  figures: [],
  experiments: [logitsExperiment, repairedExperiment, transferExperiment, distanceExperiment, ...nearestExperiments],
};
