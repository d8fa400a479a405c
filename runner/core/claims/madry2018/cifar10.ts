import type { Experiment, SubmittedNet } from '../experiment.ts';
import { attackStep, cleanStep } from '../withstood.ts';
import { accuracyFigure, oneStepLine, stepsLine } from './lines.ts';

const trained: SubmittedNet = { id: 'trained', submission: 'Madry2018AdversarialCifar' };

const ball = { norm: 'Linf', epsilon: 8 / 255 } as const;
const STEP = 1 / 255;

const lines = [
  oneStepLine('fgsm', 'ce', 500, ball),
  oneStepLine('fgsm-margin', 'margin', 500, ball),
  stepsLine('pgd-20', { steps: 20, stepSize: STEP }, 200, ball),
  stepsLine('pgd-20-margin', { steps: 20, stepSize: STEP, loss: 'margin' }, 200, ball),
  stepsLine('pgd-20-restarts', { steps: 20, stepSize: STEP, restarts: 10 }, 50, ball),
];

const some = { low: 0.2, words: 'a part of the images withstands it (at least 20 % right)' };
const GAP =
  'Ours is Papernot’s net of 1.1 million weights, trained for 16 epochs on images of two steps of PGD; theirs is a wide ResNet of 46 million, trained for 200 epochs on images of ten.';

export const cifar10Experiment: Experiment = {
  id: 'cifar10',
  title: 'The net for CIFAR-10 under the attacks of its challenge',
  source: 'the white-box board of github.com/MadryLab/cifar10_challenge',
  dataset: 'cifar10',
  protocol:
    'The net Madry2018AdversarialCifar, ε = 8/255, steps of 1/255. Numbers of the paper are of 10,000 test images; ours are of the first 500 for one step, the first 200 for 20 steps, and 50 for ten restarts of them.',
  seed: 0,
  nets: [trained],
  steps: [cleanStep(trained.id), ...lines.map((line) => attackStep(trained.id, line))],
  figures: [
    accuracyFigure(
      'clean',
      'Accuracy without an attack',
      '87.14',
      {
        low: 0.5,
        words: 'the net has learnt the classes (at least 50 % right)',
      },
      GAP,
    ),
    accuracyFigure('fgsm', 'Accuracy under one step', '55.55', some, GAP),
    accuracyFigure('fgsm-margin', 'Accuracy under one step on the margin', '54.92', some, GAP),
    accuracyFigure('pgd-20', 'Accuracy under PGD, 20 steps', '47.04', some, GAP),
    accuracyFigure('pgd-20-margin', 'Accuracy under PGD on the margin, 20 steps', '47.76', some, GAP),
    accuracyFigure('pgd-20-restarts', 'Accuracy under PGD, 20 steps, with ten restarts', '45.21', some, GAP),
  ],
};
