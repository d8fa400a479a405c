import { targeted } from './lines.ts';
import type { Suite, SuiteAttack } from './suite.ts';

/** The paper's own measurement: at most 112 features, each set to white, by the saliency of softmax probabilities. */
const headline = targeted('jsma-probabilities', 'jsma', 'all', { on: 'probabilities', theta: 1, maxFeatures: 112 });
/** The same attack on logits, which do not underflow. */
const onLogits = targeted('jsma-logits', 'jsma', 'all', { on: 'logits', theta: 1, maxFeatures: 112 });
/** Carlini and Wagner's answer, at any distance in L2. */
const cwL2: SuiteAttack = {
  id: 'cw-l2',
  attack: 'cw-l2',
  options: { binarySearchSteps: 6, initialConstant: 0.01, maxIterations: 250, learningRate: 0.1 },
  targets: 'all',
  ball: 'unbounded',
  norm: 'L2',
};

const tracks = ['mnist-l0-112', 'cifar10-l0-112'];
const onTracks = (lines: readonly SuiteAttack[]) => Object.fromEntries(tracks.map((track) => [track, lines]));

/**
 * The protocol of the paper on defensive distillation: 100 test images that are classified right, each towards its nine
 * wrong classes; the rate is of all 900 pairs.
 *
 * Source: Papernot et al., "Distillation as a Defense to Adversarial Perturbations against Deep Neural Networks", S&P 2016,
 * https://arxiv.org/abs/1511.04508, §V. The paper does not say which 100 images; here they are the first ones.
 */
export const papernot2016: Suite = {
  id: 'papernot2016',
  title: 'Papernot et al. 2016',
  description:
    'The first 100 test images classified right, towards each of the nine other classes: JSMA on probabilities as the paper had it, the same on logits, and C&W L2.',
  attacks: onTracks([headline, onLogits, cwL2]),
  examples: { count: 100, which: 'first-correct' },
  chunk: 25,
  evidence: { images: 'pairs', limit: 100 },
  headline: headline.id,
};

/** The same over the whole test set, right or wrong: 90,000 pairs. */
export const papernot2016Full: Suite = {
  id: 'papernot2016-full',
  title: 'Papernot et al. 2016, whole test set',
  description:
    'All 10,000 test images towards each of the nine other classes: JSMA on probabilities and on logits. Images are kept of the first 100, outcomes of all.',
  attacks: onTracks([headline, onLogits]),
  examples: { count: 10_000, which: 'first' },
  chunk: 100,
  evidence: { images: 'pairs', limit: 100 },
  headline: headline.id,
};
