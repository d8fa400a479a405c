import type { Estimate } from '../estimate.ts';
import type { Experiment, Step, TrainedNet } from '../experiment.ts';
import { judge, stored } from '../judged.ts';
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

export const adversarialTrainingExperiment: Experiment = {
  id: 'adversarial-training',
  title: 'Adversarial training',
  source: '§6',
  protocol:
    'A maxout net trained on the mean of its loss on an image and on that image after one step of ε = 0.25. All 10,000 test images, one step of ε = 0.25; steps in training and in this test are clipped to the pixel range. The paper’s net has 1,600 units in a layer, ours 240.',
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
  ],
};
