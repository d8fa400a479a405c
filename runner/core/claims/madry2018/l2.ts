import type { Experiment, SubmittedNet } from '../experiment.ts';
import { attackStep, cleanStep } from '../withstood.ts';
import { accuracyFigure, stepsLine } from './lines.ts';

const trained: SubmittedNet = { id: 'trained', submission: 'Madry2018AdversarialTraining' };

const ball = { norm: 'L2', epsilon: 2 } as const;

const line = stepsLine('pgd-100', { steps: 100, stepSize: 0.2 }, 100, ball);

/** What others found on a net of their own that was trained in the same way: PGD sees robustness in L2 that is none. */
export const l2Experiment: Experiment = {
  id: 'l2',
  title: 'A net trained in L∞ that PGD finds robust in L2, and is not',
  source:
    'no number; the one here is of the table of github.com/MTandHJ/PyTorch-Robust, for a net trained by PGD at ε = 0.3 in L∞',
  protocol:
    'The net Madry2018AdversarialTraining, L2, ε = 2. PGD: 100 steps of 0.2, the first 100 test images; the size of the steps is ours. What AutoAttack leaves stands below among the numbers that suites measure, of 1,000 images.',
  seed: 0,
  nets: [trained],
  steps: [cleanStep(trained.id), attackStep(trained.id, line)],
  figures: [
    accuracyFigure('pgd-100', 'Accuracy under PGD in L2, 100 steps', '92.71', {
      low: 0.7,
      words: 'PGD alone finds the net robust (at least 70 % right)',
    }),
  ],
};
