import { change, type Estimate } from '../estimate.ts';
import type { Experiment, ExperimentFigure, Outcomes, Step, TrainedNet } from '../experiment.ts';
import { judge, judgedIn, stored } from '../judged.ts';
import { values } from '../outcomes-file.ts';
import { confidenceFigure, confidenceOf, errorFigure, errorOf, labels, transferred } from './attacked.ts';
import { maxout, maxoutAdversarial } from './nets.ts';

const inPercent = ({ value }: Estimate) => `${(100 * value).toFixed(1)} %`;

const [M, A] = [maxout.id, maxoutAdversarial.id];

/** What the images of one net do to it and to another. */
function stepOf({ id }: TrainedNet, others: readonly TrainedNet[]): Step {
  return {
    id,
    async run(context) {
      const examples = context.test();
      const net = context.net(id);
      const clean = await judge(net, examples.x, context.pause);
      const own = await transferred(context, examples, net, { unclipped: net });
      const judges = { clipped: net, ...Object.fromEntries(others.map((other) => [other.id, context.net(other.id)])) };
      const clipped = await transferred(context, examples, net, judges, true);
      return { ...labels(examples), ...stored('clean', clean), ...own, ...clipped };
    },
  };
}

const accurate = { high: 0.05, words: 'the net is a good one without an attack (at most 5 %)' };

/** What adversarial training adds to the error without an attack, image by image. */
function added(outcomes: Outcomes): Estimate {
  const y = values(outcomes, `${M}.y`);
  const [plain, trained] = [M, A].map((id) => judgedIn(outcomes, `${id}.clean`).predicted);
  return change(
    y.length,
    (row) => plain?.[row] !== y[row],
    (row) => trained?.[row] !== y[row],
  );
}

const clean: readonly ExperimentFigure[] = [
  errorFigure('clean-plain', 'Error of the plain net without an attack', '0.94', accurate, (outcomes) =>
    errorOf(outcomes, M, 'clean'),
  ),
  errorFigure('clean-trained', 'The same after adversarial training', '0.84', accurate, (outcomes) =>
    errorOf(outcomes, A, 'clean'),
  ),
  {
    id: 'clean-added',
    title: 'What adversarial training adds to the error without an attack (below 0: takes away)',
    theirs: null,
    stands: { high: -Number.MIN_VALUE, words: 'it is a regulariser: the error falls' },
    ours: added,
    gap: 'The paper trains until a validation error stops falling, ours are four epochs: too few for the harder task to pay.',
  },
];

export const adversarialTrainingExperiment: Experiment = {
  id: 'adversarial-training',
  title: 'Adversarial training',
  source: '§6',
  protocol:
    'A maxout net trained on the mean of its loss on an image and on that image after one step of ε = 0.25. All 10,000 test images, one step of ε = 0.25; steps in training and in this test are clipped to the pixel range. Ours has 240 units in a layer, as the paper’s whose errors without an attack are printed; its errors under attack are of one with 1,600. Images that the net they are made for has wrong without an attack are left as they are.',
  seed: 0,
  nets: [maxout, maxoutAdversarial],
  steps: [stepOf(maxout, [maxoutAdversarial]), stepOf(maxoutAdversarial, [maxout])],
  figures: [
    {
      ...errorFigure(
        'trained',
        'Error under one step after adversarial training',
        '17.9',
        { high: 0.45, words: 'training halves the error at least (at most 45 %)' },
        (outcomes) => errorOf(outcomes, A, 'clipped'),
      ),
      gap: (outcomes) =>
        `Where the step leaves the pixel range, which our net never saw, it errs on ${inPercent(errorOf(outcomes, A, 'unclipped'))}: the paper’s number lies between, and it does not say which it is of.`,
    },
    {
      ...confidenceFigure(
        'trained-confidence',
        'Mean confidence in the mistakes that remain',
        '81.4',
        { low: 0.5, words: 'what mistakes remain are confident (on average at least 50 %)' },
        (outcomes) => confidenceOf(outcomes, A, 'clipped', 'clean'),
      ),
      gap: (outcomes) =>
        `Where the step leaves the pixel range it is ${inPercent(confidenceOf(outcomes, A, 'unclipped', 'clean'))}.`,
    },
    errorFigure(
      'from-plain',
      'Its error under images made for the plain net',
      '19.6',
      { high: 0.45, words: 'it withstands the plain net’s images too (at most 45 %)' },
      (outcomes) => errorOf(outcomes, M, A),
    ),
    errorFigure(
      'to-plain',
      'Error of the plain net under images made for the trained one',
      '40.9',
      { high: 0.7, words: 'they do less than images of its own (at most 70 %)' },
      (outcomes) => errorOf(outcomes, A, M),
    ),
    ...clean,
  ],
};
