import type { Experiment, SubmittedNet } from '../experiment.ts';
import { accuracyFigure, stepsLine } from '../madry2018/lines.ts';
import { attackStep, cleanStep } from '../withstood.ts';

const trained: SubmittedNet = { id: 'trained', submission: 'Zhang2019Trades' };

const ball = { norm: 'Linf', epsilon: 0.3 } as const;
const STEP = 0.01;

const lines = [
  stepsLine('pgd-40', { steps: 40, stepSize: STEP }, 500, ball),
  stepsLine('pgd-1000', { steps: 1000, stepSize: STEP }, 50, ball),
];

const withstands = { low: 0.8, words: 'the net withstands it (at least 80 % right)' };

export const tradesExperiment: Experiment = {
  id: 'mnist',
  title: 'The net for MNIST under the attacks of its board',
  source: 'the boards of github.com/yaodongyu/TRADES',
  protocol:
    'The net Zhang2019Trades, of the layers of the paper’s SmallCNN, ε = 0.3, steps of 0.01. Numbers of the paper are of 10,000 test images; ours are of all without an attack, the first 500 for 40 steps and the first 50 for 1,000.',
  seed: 0,
  nets: [trained],
  steps: [cleanStep(trained.id), ...lines.map((line) => attackStep(trained.id, line))],
  figures: [
    accuracyFigure('clean', 'Accuracy without an attack', '99.48', {
      low: 0.97,
      words: 'the net is accurate as well (at least 97 % right)',
    }),
    accuracyFigure('pgd-40', 'Accuracy under PGD, 40 steps', '96.07', withstands),
    accuracyFigure('pgd-1000', 'Accuracy under PGD, 1,000 steps', '95.60', withstands),
  ],
};
