import { softmaxRegression } from '../../models/softmax-regression.ts';
import { mean, share } from '../estimate.ts';
import type { Experiment, Outcomes, TrainedNet } from '../experiment.ts';
import { judge, judgedIn, stored } from '../judged.ts';
import { oneStep } from '../one-step.ts';
import { values } from '../outcomes-file.ts';
import { labels } from './attacked.ts';
import { softmax } from './nets.ts';

const sides = [4, 7, 14, 28] as const;
const radii = [0, 0.02, 0.04, 0.06, 0.08, 0.1, 0.15, 0.2, 0.25] as const;
/** Radius at which sides are compared. */
const COMPARED = 0.1;

const netOf = (side: number): TrainedNet => ({
  ...softmax,
  id: `softmax-${side}`,
  architecture: softmaxRegression(`softmax-${side}`, `Softmax regression of ${side} × ${side}`, [side, side, 1]),
  options: { dropout: 0, learningRate: 0.5, momentum: 0.5, batchSize: 500, epochs: 6 },
  view: { side },
});
const nets = sides.map(netOf);

const errorAt = (outcomes: Outcomes, side: number, epsilon: number) => {
  const y = values(outcomes, `softmax-${side}.y`);
  const { predicted } = judgedIn(outcomes, `softmax-${side}.${epsilon}`);
  return Array.from(y, (label, row) => Number(predicted[row] !== label));
};

export const dimensionExperiment: Experiment = {
  id: 'dimension',
  title: 'The more pixels, the smaller the step that fools',
  source: '§3',
  protocol:
    'Softmax regression on MNIST shrunk to 4 × 4, 7 × 7, 14 × 14 and as it is, each pixel the mean of its square; all 10,000 test images, one step, clipped. §3 argues that the effect of a step on a linear net grows with the number of pixels; it prints no number.',
  seed: 0,
  nets,
  steps: nets.map(({ id, view }) => ({
    id,
    async run({ test, net, pause }) {
      const examples = test(view);
      const outcomes = { ...labels(examples) };
      for (const [i, epsilon] of radii.entries()) {
        const images = await oneStep(net(id), examples, epsilon, true, (f) => pause((i + f) / radii.length));
        Object.assign(outcomes, stored(String(epsilon), await judge(net(id), images, async () => {})));
      }
      return outcomes;
    },
  })),
  figures: [
    {
      id: 'grows',
      title: `Images fooled at ε = ${COMPARED} with 28 × 28 pixels, more than with 7 × 7`,
      theirs: null,
      stands: { low: 0.05, words: 'more pixels are fooled more often by the same ε (by at least 5 points)' },
      ours(outcomes) {
        const [few, many] = [errorAt(outcomes, 7, COMPARED), errorAt(outcomes, 28, COMPARED)];
        return mean(
          many.map((wrong, row) => wrong - (few[row] as number)),
          'share',
        );
      },
    },
    {
      id: 'underfits',
      title: 'Error with 4 × 4 pixels without an attack',
      theirs: null,
      stands: { low: 0.12, words: 'so few pixels do not suffice for the task (at least 12 %)' },
      ours(outcomes) {
        const wrong = errorAt(outcomes, 4, 0);
        return share(wrong.filter((one) => one === 1).length, wrong.length);
      },
    },
  ],
  charts: [
    {
      id: 'error',
      title: 'Error of softmax regression over ε, by the number of pixels',
      caption: 'Error under one step over its size ε, for images of four sizes.',
      x: { title: 'ε (L∞)' },
      y: { title: 'Error, %', share: true },
      series: (outcomes) =>
        sides.map((side) => ({
          name: `${side} × ${side}`,
          points: radii.map((epsilon) => ({ x: epsilon, y: mean(errorAt(outcomes, side, epsilon), 'share').value })),
        })),
    },
  ],
};
