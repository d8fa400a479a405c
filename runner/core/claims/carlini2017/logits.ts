import { distilled, distilledPair, undistilled } from '../distilled-pair.ts';
import { mean, quotient, rounded } from '../estimate.ts';
import type { Experiment, Outcomes, SubmittedNet } from '../experiment.ts';
import { values } from '../outcomes-file.ts';
import { logitNorms } from './logit-norms.ts';

const sizeOf = (outcomes: Outcomes, { id }: SubmittedNet) => mean(values(outcomes, `${id}.norm`), 'number');

const GAP =
  'The sum over ten logits is meant by L1 norm here; the mean size of a logit, a tenth of it, is nearer to the paper’s number. The nets are others, too: how large logits become depends on how long a net is trained.';

export const logitsExperiment: Experiment = {
  id: 'logits',
  title: 'Why distillation blinds attacks: the size of the logits',
  source: 'the section on defensive distillation',
  protocol:
    'L1 norm of the ten logits of each of the 10,000 test images, of the nets Undefended and Papernot2016Distillation (T = 100). The paper’s standard deviations are 6.4 and 457.',
  seed: 0,
  nets: distilledPair,
  steps: distilledPair.map(({ id }) => ({
    id,
    run: ({ test, net, pause }) => logitNorms(net(id), test(), pause),
  })),
  figures: [
    {
      id: 'undistilled',
      title: 'Mean L1 norm of the logits, not distilled',
      theirs: rounded('5.8', 'number'),
      printed: '5.8',
      stands: { high: 100, words: 'a softmax of them does not saturate (at most 100, ten each)' },
      ours: (outcomes) => sizeOf(outcomes, undistilled),
      gap: GAP,
    },
    {
      id: 'distilled',
      title: 'Mean L1 norm of the logits, distilled',
      theirs: rounded('482', 'number'),
      printed: '482',
      stands: { low: 400, words: 'a softmax of them saturates (at least 400, forty each)' },
      ours: (outcomes) => sizeOf(outcomes, distilled),
      gap: GAP,
    },
    {
      id: 'ratio',
      title: 'How many times as large distillation makes them',
      theirs: null,
      stands: { low: 10, words: 'far larger (at least ten times)' },
      ours: (outcomes) => quotient(sizeOf(outcomes, distilled), sizeOf(outcomes, undistilled)),
    },
  ],
};
