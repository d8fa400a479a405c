import * as tf from '@tensorflow/tfjs';
import type { Classifier } from '../../models/classifier.ts';
import type { Experiment } from '../experiment.ts';
import { judge, stored } from '../judged.ts';
import { errorFigure, errorOf, labels, transferred } from './attacked.ts';
import { members } from './nets.ts';

/** Several nets as one whose probabilities are the mean of theirs; the scores are the logarithms. */
export function averaged(members: readonly Classifier[]): Classifier {
  const [first] = members as [Classifier];
  return {
    inputShape: first.inputShape,
    classes: first.classes,
    logits: (x) =>
      tf.tidy(() => {
        const all = tf.stack(members.map((member) => tf.logSoftmax(member.logits(x))));
        return tf.sub(tf.logSumExp(all, 0), Math.log(members.length)) as tf.Tensor2D;
      }),
    dispose() {
      for (const member of members) member.dispose();
    },
  };
}

const gap =
  'One maxout net of ours errs on all images, the paper’s on 89.4 %: the difference is that of a single net. Averaging changes little in either.';

const little = { low: 0.5, words: 'averaging nets is little of a defense (most images are misclassified)' };

export const ensembleExperiment: Experiment = {
  id: 'ensemble',
  title: 'An ensemble of twelve maxout nets',
  source: '§9',
  protocol:
    'All 10,000 test images, one step of ε = 0.25 that may leave the pixel range. The ensemble is the mean of the probabilities of twelve nets that differ by seed, each trained for one epoch, attacked as a whole, and by images made for its first member; those that it has wrong without an attack are left as they are.',
  seed: 0,
  nets: members,
  steps: [
    {
      id: 'nets',
      async run(context) {
        const examples = context.test();
        const nets = members.map(({ id }) => context.net(id));
        const [first] = nets as [Classifier];
        const ensemble = averaged(nets);
        const clean = await judge(ensemble, examples.x, context.pause);
        const whole = await transferred(context, examples, ensemble, { whole: ensemble });
        const one = await transferred(context, examples, first, { 'one-member': ensemble });
        return { ...labels(examples), ...stored('clean', clean), ...whole, ...one };
      },
    },
  ],
  figures: [
    {
      ...errorFigure('whole', 'Error of the ensemble, attacked as a whole', '91.1', little, (outcomes) =>
        errorOf(outcomes, 'nets', 'whole'),
      ),
      gap,
    },
    {
      ...errorFigure(
        'one-member',
        'Error of the ensemble under images made for one member',
        '87.9',
        little,
        (outcomes) => errorOf(outcomes, 'nets', 'one-member'),
      ),
      gap,
    },
  ],
};
