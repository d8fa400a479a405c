import * as tf from '@tensorflow/tfjs';
import { gradientModel } from '../../gradients.ts';
import { margin } from '../../losses.ts';
import { softmaxRegression } from '../../models/softmax-regression.ts';
import { difference, type Estimate, mean, quotient, share } from '../estimate.ts';
import type { Experiment, ExperimentFigure, Outcomes, StepContext, TrainedNet } from '../experiment.ts';
import { judge, wrong } from '../judged.ts';
import { oneStep } from '../one-step.ts';
import { values } from '../outcomes-file.ts';
import { labels } from './attacked.ts';
import { softmax } from './nets.ts';

const sides = [4, 7, 14, 28] as const;
const radii = [0, 0.02, 0.04, 0.06, 0.08, 0.1, 0.15, 0.2, 0.25] as const;
/** Radius at which sides are compared. */
const COMPARED = 0.1;
/** Test images whose margins are measured. */
const MARGINS = 1000;

const netOf = (side: number): TrainedNet => ({
  ...softmax,
  id: `softmax-${side}`,
  architecture: softmaxRegression(`softmax-${side}`, `Softmax regression of ${side} × ${side}`, [side, side, 1]),
  options: { dropout: 0, learningRate: 0.5, momentum: 0.5, batchSize: 500, epochs: 6 },
  view: { side },
});
const nets = sides.map(netOf);

/** Lead of the true class's score over the next, and how much of it a step of size 1 takes: the L1 norm of its gradient. */
async function margins({ test, net }: StepContext, { id, view }: TrainedNet): Promise<Outcomes> {
  const { x, y, count } = test(view, MARGINS);
  const classifier = net(id);
  const model = gradientModel(classifier);
  const [lead, slope] = tf.tidy(() => {
    const images = tf.tensor4d(x.slice(), [count, ...classifier.inputShape]);
    const { logits, gradient } = model.gradient(images, margin(y));
    return [margin(y)(logits), tf.sum(tf.abs(gradient), [1, 2, 3])];
  }) as [tf.Tensor, tf.Tensor];
  const [leads, slopes] = [await lead.data<'float32'>(), await slope.data<'float32'>()];
  tf.dispose([lead, slope]);
  model.dispose();
  return { lead: { shape: [count], data: leads.slice() }, slope: { shape: [count], data: slopes.slice() } };
}

const saidAt = (outcomes: Outcomes, side: number, epsilon: number) =>
  values(outcomes, `softmax-${side}.${epsilon}.predicted`);

/** Of the images that a net has right, those that a step of ε fools. */
function fooled(outcomes: Outcomes, side: number, epsilon: number): Estimate {
  const y = values(outcomes, `softmax-${side}.y`);
  const [before, after] = [saidAt(outcomes, side, 0), saidAt(outcomes, side, epsilon)];
  const right = Array.from(y.keys()).filter((row) => before[row] === y[row]);
  return share(right.filter((row) => after[row] !== y[row]).length, right.length);
}

/** Of all images, those that are wrong after a step of ε. */
function errorAt(outcomes: Outcomes, side: number, epsilon: number): Estimate {
  const y = values(outcomes, `softmax-${side}.y`);
  return share(wrong(saidAt(outcomes, side, epsilon), y).length, y.length);
}

const gap =
  'Fewer pixels do not leave everything else as it was: the score’s slope is smaller, as the argument says, but so is the lead of the true class, because digits that are shrunk differ less. The last two rows say by how much.';

const more = (many: number, few: number): ExperimentFigure => ({
  id: `${few}-${many}`,
  title: `Fooled at ε = ${COMPARED} with ${many} × ${many} pixels, more than with ${few} × ${few}`,
  theirs: null,
  stands: { low: Number.MIN_VALUE, words: 'the same ε fools more where there are more pixels' },
  ours: (outcomes) => difference(fooled(outcomes, many, COMPARED), fooled(outcomes, few, COMPARED)),
  gap,
});

const ratio = (id: 'slope' | 'lead', title: string, stands: ExperimentFigure['stands']): ExperimentFigure => ({
  id,
  title,
  theirs: null,
  stands,
  ours(outcomes) {
    const of = (side: number) => mean(values(outcomes, `softmax-${side}.${id}`), 'number');
    return quotient(of(28), of(7));
  },
});

export const dimensionExperiment: Experiment = {
  id: 'dimension',
  title: 'The more pixels, the smaller the step that fools',
  source: '§3',
  protocol:
    'Softmax regression on MNIST shrunk to 4 × 4, 7 × 7, 14 × 14 and as it is, each pixel the mean of its square; all 10,000 test images, one step, clipped; counted over those that the net has right. §3 argues that what a step does to a linear score grows with the number of pixels, and prints no number.',
  seed: 0,
  nets,
  steps: nets.map((wanted) => ({
    id: wanted.id,
    async run(context) {
      const examples = context.test(wanted.view);
      const net = context.net(wanted.id);
      const outcomes: Record<string, Outcomes[string]> = { ...labels(examples), ...(await margins(context, wanted)) };
      for (const [i, epsilon] of radii.entries()) {
        const images = await oneStep(net, examples, epsilon, true, (f) => context.pause((i + f) / radii.length));
        const { predicted } = await judge(net, images, async () => {});
        outcomes[`${epsilon}.predicted`] = { shape: [examples.count], data: predicted };
      }
      return outcomes;
    },
  })),
  figures: [
    more(28, 14),
    more(14, 7),
    more(7, 4),
    {
      id: 'underfits',
      title: 'Error with 4 × 4 pixels without an attack',
      theirs: null,
      stands: { low: 0.12, words: 'so few pixels do not suffice for the task (at least 12 %)' },
      ours: (outcomes) => errorAt(outcomes, 4, 0),
    },
    ratio('slope', 'What a step takes from the lead of the true class, 28 × 28 by 7 × 7', {
      low: 1 + Number.EPSILON,
      words: 'the effect of a step grows with the pixels (more than 1)',
    }),
    ratio('lead', 'The lead itself, mean over images, 28 × 28 by 7 × 7', {
      low: 0.9,
      high: 1.1,
      words: 'all else stays as it was (0.9 to 1.1), which the argument needs',
    }),
  ],
  charts: [
    {
      id: 'error',
      title: 'Error by the number of pixels, without an attack and under one',
      caption: `Share of all test images that are wrong, by the pixels along a side: as they are, and after a step of ε = ${COMPARED}. Too few pixels do not suffice for the task.`,
      x: { title: 'Pixels along a side' },
      y: { title: 'Wrong, %', share: true },
      series: (outcomes) =>
        ([0, COMPARED] as const).map((epsilon) => ({
          name: epsilon === 0 ? 'without an attack' : `ε = ${epsilon}`,
          points: sides.map((side) => ({ x: side, y: errorAt(outcomes, side, epsilon).value })),
        })),
    },
    {
      id: 'fooled',
      title: 'Images fooled over ε, by the number of pixels',
      caption:
        'Share of the images that softmax regression has right and that one step of size ε fools, for images of four sizes.',
      x: { title: 'ε (L∞)' },
      y: { title: 'Fooled, %', share: true },
      series: (outcomes) =>
        sides.map((side) => ({
          name: `${side} × ${side}`,
          points: radii.map((epsilon) => ({ x: epsilon, y: fooled(outcomes, side, epsilon).value })),
        })),
    },
  ],
};
