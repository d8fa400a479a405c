import type { Experiment, TrainedNet } from '../experiment.ts';
import { judge, stored } from '../judged.ts';
import { errorFigure, errorOf, labels, transferred } from './attacked.ts';
import { maxoutSigns, maxoutUniform } from './nets.ts';

const nets: readonly TrainedNet[] = [maxoutSigns, maxoutUniform];

const gap =
  'Our maxout net without noise errs on all images as well, the paper’s on 89.4 %: the difference is that of the first experiment on these nets, and training on noise changes little in either.';

export const noiseExperiment: Experiment = {
  id: 'noise',
  title: 'Training on noise, the control of adversarial training',
  source: '§6',
  protocol:
    'Maxout nets trained on images with ±0.25 of a random sign in every pixel, and with uniform noise of that size. All 10,000 test images, one step of ε = 0.25 that may leave the pixel range. They are trained for one epoch, the adversarially trained net for four; of that net the number beside which these stand is of a step that is clipped, and its error under this one is said there.',
  seed: 0,
  nets,
  steps: nets.map(({ id }) => ({
    id,
    async run(context) {
      const examples = context.test();
      const net = context.net(id);
      const clean = stored('clean', await judge(net, examples.x, context.pause));
      return { ...labels(examples), ...clean, ...(await transferred(context, examples, net, { unclipped: net })) };
    },
  })),
  figures: [
    {
      ...errorFigure(
        'signs',
        'Error under one step after training on ±ε with random signs',
        '86.2',
        { low: 0.6, words: 'random noise does not do what adversarial training does (at least 60 %)' },
        (outcomes) => errorOf(outcomes, maxoutSigns.id, 'unclipped'),
      ),
      gap,
    },
    {
      ...errorFigure(
        'uniform',
        'Error under one step after training on uniform noise',
        '90.4',
        { low: 0.6, words: 'random noise does not do what adversarial training does (at least 60 %)' },
        (outcomes) => errorOf(outcomes, maxoutUniform.id, 'unclipped'),
      ),
      gap,
    },
  ],
};
