import type { Experiment, SubmittedNet } from '../experiment.ts';
import { attackStep, cleanStep } from '../withstood.ts';
import { accuracyFigure, oneStepLine, stepsLine, transferLine } from './lines.ts';

const trained: SubmittedNet = { id: 'trained', submission: 'Madry2018AdversarialTraining' };
const natural: SubmittedNet = { id: 'natural', submission: 'Undefended' };

const ball = { norm: 'Linf', epsilon: 0.3 } as const;
const STEP = 0.01;

const lines = [
  oneStepLine('fgsm', 'ce', 500, ball),
  oneStepLine('fgsm-margin', 'margin', 500, ball),
  stepsLine('pgd-40', { steps: 40, stepSize: STEP }, 200, ball),
  stepsLine('pgd-100', { steps: 100, stepSize: STEP }, 200, ball),
  stepsLine('pgd-100-margin', { steps: 100, stepSize: STEP, loss: 'margin' }, 100, ball),
  stepsLine('pgd-100-restarts', { steps: 100, stepSize: STEP, restarts: 20 }, 20, ball),
  transferLine('natural-fgsm', natural.id, { steps: 1, stepSize: 0.3, loss: 'margin' }, 500, ball),
  transferLine('natural-pgd', natural.id, { steps: 40, stepSize: STEP }, 200, ball),
];

const withstands = { low: 0.8, words: 'the net withstands it (at least 80 % right)' };

export const mnistExperiment: Experiment = {
  id: 'mnist',
  title: 'The net for MNIST under the attacks of its challenge',
  source: 'the white-box and black-box boards of github.com/MadryLab/mnist_challenge',
  protocol:
    'The net Madry2018AdversarialTraining, ε = 0.3, steps of 0.01. The paper’s net has two convolutions and 3.3 million weights and was trained for 100,000 steps; ours is Papernot’s, trained for 18 epochs (8,442 steps). Numbers of the paper are of 10,000 test images. Ours are of the first 500 for one step, the first 200 for 40 and 100 steps, 100 for 100 steps on the margin of the logits (“CW”), and 20 for restarts, 20 of them here and 50 in the paper: too few to tell that row from its neighbours. Transfer: made for the net Undefended, which has the same layers.',
  seed: 0,
  nets: [trained, natural],
  steps: [cleanStep(trained.id), ...lines.map((line) => attackStep(trained.id, line))],
  figures: [
    accuracyFigure('clean', 'Accuracy without an attack', '98.53', {
      low: 0.97,
      words: 'adversarial training costs little accuracy on MNIST (at least 97 % right)',
    }),
    accuracyFigure('fgsm', 'Accuracy under one step', '96.36', withstands),
    accuracyFigure('fgsm-margin', 'Accuracy under one step on the margin', '96.40', withstands),
    accuracyFigure('pgd-40', 'Accuracy under PGD, 40 steps', '93.2', withstands),
    accuracyFigure('pgd-100', 'Accuracy under PGD, 100 steps', '92.52', withstands),
    accuracyFigure('pgd-100-margin', 'Accuracy under PGD on the margin, 100 steps', '93.04', withstands),
    accuracyFigure('pgd-100-restarts', 'Accuracy under PGD, 100 steps, with restarts', '89.62', withstands),
    accuracyFigure('natural-fgsm', 'Accuracy under one step made for a natural net', '96.08', withstands),
    accuracyFigure('natural-pgd', 'Accuracy under PGD made for a natural net', '96.81', withstands),
  ],
};
