import type { Attack } from '../../attacks/attack.ts';
import { cwL2 } from '../../attacks/cw-l2.ts';
import { attackImages } from '../attack-images.ts';
import { correlation, mean, quotient, share } from '../estimate.ts';
import type { ChartWanted, Experiment, Outcomes } from '../experiment.ts';
import { values } from '../outcomes-file.ts';
import { rates } from '../papernot2016/rates.ts';
import { netAt, pointId } from '../papernot2016/temperatures.ts';
import { logitNorms } from './logit-norms.ts';

const IMAGES = 100;
const CHUNK = 50;
const SEARCH = { binarySearchSteps: 9, initialConstant: 0.001, maxIterations: 200, learningRate: 0.05 };

const all = rates.mnist.map(([temperature]) => temperature);
const temperatures = all.filter((temperature) => temperature !== null);

/** L2 distances at which the target was reached. */
const distances = (outcomes: Outcomes, temperature: number | null) => {
  const reached = values(outcomes, `${pointId(temperature)}.reached`);
  return Array.from(values(outcomes, `${pointId(temperature)}.length`)).filter((_, row) => reached[row] === 1);
};
const meanDistance = (outcomes: Outcomes, temperature: number | null) =>
  mean(distances(outcomes, temperature), 'number');

/** A chart of one number of each net. */
function overTemperature(
  id: string,
  title: string,
  caption: string,
  y: string,
  of: (outcomes: Outcomes, temperature: number) => number,
): ChartWanted {
  return {
    id,
    title,
    caption,
    x: { title: 'Temperature of distillation', log: true },
    y: { title: y },
    series: (outcomes) => [{ name: 'Parapet', points: temperatures.map((t) => ({ x: t, y: of(outcomes, t) })) }],
  };
}

export const distanceExperiment: Experiment = {
  id: 'distance',
  title: 'Temperature of distillation and distance of the nearest images',
  source: 'figure 8, and the section on distillation',
  protocol: `C&W in L2 on each net of the temperature curve: the first ${IMAGES} test images, each towards one class drawn for its place (the true one plus one to nine), ${SEARCH.binarySearchSteps} constants, ${SEARCH.maxIterations} iterations of ${SEARCH.learningRate} each, where the paper takes 10,000 of 0.01. Beside it the L1 norm of the ten logits of all test images. The nets of T = 100 and without distillation are trained for 50 epochs and the others for 15: of the correlation T = 100 has the most weight.`,
  seed: 0,
  nets: all.map((temperature) => netAt('mnist', temperature)),
  steps: all.map(pointId).map((id) => ({
    id,
    async run({ net, test, seed, pause }) {
      const { x, y } = test(undefined, IMAGES);
      const classifier = net(id);
      const others = classifier.classes - 1;
      const target = y.map((label, row) => (label + 1 + (row % others)) % classifier.classes);
      const { success, distance } = await attackImages(
        {
          attack: cwL2 as Attack,
          options: SEARCH,
          classifier,
          x,
          y,
          target,
          norm: 'L2',
          epsilon: Number.POSITIVE_INFINITY,
          seed,
          stream: 'cw-l2',
        },
        CHUNK,
        pause,
      );
      const shape = [IMAGES];
      return {
        reached: { shape, data: success },
        length: { shape, data: Float32Array.from(distance) },
        ...(await logitNorms(classifier, test(), pause)),
      };
    },
  })),
  figures: [
    {
      id: 'correlation',
      title: 'Correlation of temperature and mean distance',
      theirs: { value: -0.05, low: -0.055, high: -0.045, unit: 'number' },
      printed: '-0.05',
      stands: { high: 0.5, words: 'a higher temperature does not keep images farther away (at most 0.5)' },
      ours: (outcomes) =>
        correlation(
          temperatures,
          temperatures.map((temperature) => meanDistance(outcomes, temperature).value),
        ),
    },
    {
      id: 'reached',
      title: 'Targets reached at T = 100, at any distance',
      theirs: { value: 1, low: 0.995, high: 1, unit: 'share' },
      printed: '100',
      stands: { low: 0.9, words: 'the attack always succeeds (at least nine of ten)' },
      ours: (outcomes) => share(distances(outcomes, 100).length, IMAGES),
    },
    {
      id: 'ratio',
      title: 'Distance at T = 100 by that without distillation',
      // 2.2 by 1.76, each to its last digit.
      theirs: { value: 2.2 / 1.76, low: 2.15 / 1.765, high: 2.25 / 1.755, unit: 'number' },
      printed: '1.25',
      stands: { high: 2, words: 'distillation makes it little harder (at most twice as far)' },
      ours: (outcomes) => quotient(meanDistance(outcomes, 100), meanDistance(outcomes, null)),
    },
  ],
  charts: [
    overTemperature(
      'logits',
      'Size of the logits over temperature',
      'Mean L1 norm of the ten logits of a test image, by the temperature of distillation.',
      'Mean L1 norm',
      (outcomes, temperature) => mean(values(outcomes, `${pointId(temperature)}.norm`), 'number').value,
    ),
    overTemperature(
      'distance',
      'Mean distance over temperature',
      'Mean L2 distance of the images that reach their target, by the temperature of distillation.',
      'Mean L2 distance',
      (outcomes, temperature) => meanDistance(outcomes, temperature).value,
    ),
  ],
};
