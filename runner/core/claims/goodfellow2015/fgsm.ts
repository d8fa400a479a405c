import type { Estimate } from '../estimate.ts';
import { mean, rounded, share } from '../estimate.ts';
import type { Experiment, ExperimentFigure, Outcomes, Step, TrainedNet } from '../experiment.ts';
import { judge, judgedIn, stored, wrong } from '../judged.ts';
import { oneStep } from '../one-step.ts';
import { values } from '../outcomes-file.ts';
import { logistic, maxout, rbf, softmax } from './nets.ts';
import { radialProbabilities } from './radial.ts';

/** Of the paper's MNIST attacks, in pixel units. */
export const EPSILON = 0.25;
const TEST_IMAGES = 10_000;
const PAIR_IMAGES = 2038;

function stepOf({ id, view }: TrainedNet): Step {
  return {
    id,
    async run(context) {
      const examples = context.test(view);
      const net = context.net(id);
      const by = id === rbf.id ? radialProbabilities : undefined;
      const clean = await judge(net, examples.x, (f) => context.pause(f / 5), by);
      const outcomes = { y: { shape: [examples.count], data: Uint8Array.from(examples.y) }, ...stored('clean', clean) };
      for (const [i, clip] of [false, true].entries()) {
        const base = (1 + 2 * i) / 5;
        const images = await oneStep(net, examples, EPSILON, clip, (f) => context.pause(base + f / 5));
        const said = await judge(net, images, (f) => context.pause(base + (1 + f) / 5), by);
        Object.assign(outcomes, stored(clip ? 'clipped' : 'unclipped', said));
      }
      return outcomes;
    },
  };
}

/** Share of the images that a net has wrong, of those that a step judged under a name. */
export function errorOf(outcomes: Outcomes, step: string, name: string): Estimate {
  const y = values(outcomes, `${step}.y`);
  return share(wrong(judgedIn(outcomes, `${step}.${name}`).predicted, y).length, y.length);
}

/** Mean confidence in the wrong classes, over images that were right before. */
function confidenceOf(outcomes: Outcomes, step: string, name: string): Estimate {
  const y = values(outcomes, `${step}.y`);
  const { predicted: before } = judgedIn(outcomes, `${step}.clean`);
  const { predicted, confidence } = judgedIn(outcomes, `${step}.${name}`);
  return mean(
    wrong(predicted, y)
      .filter((row) => before[row] === y[row])
      .map((row) => confidence[row] as number),
    'share',
  );
}

interface Row {
  readonly net: TrainedNet;
  readonly name: string;
  readonly error: string;
  readonly confidence?: string;
  readonly least: number;
  readonly images?: number;
}

const rows: readonly Row[] = [
  { net: softmax, name: 'softmax regression', error: '99.9', confidence: '79.3', least: 0.9 },
  { net: maxout, name: 'maxout net', error: '89.4', confidence: '97.6', least: 0.5 },
  { net: logistic, name: 'logistic regression of 3 and 7', error: '99', least: 0.9, images: PAIR_IMAGES },
];

const percent = (printed: string) => Number(printed) / 100;

const figures: readonly ExperimentFigure[] = rows.flatMap(
  ({ net, name, error, confidence, least, images = TEST_IMAGES }) => [
    {
      id: `${net.id}-error`,
      title: `Error of the ${name} under one step, not clipped`,
      theirs: share(Math.round(percent(error) * images), images),
      printed: error,
      stands: { low: least, words: `most images are misclassified (at least ${least * 100} %)` },
      ours: (outcomes: Outcomes) => errorOf(outcomes, net.id, 'unclipped'),
    },
    ...(confidence === undefined
      ? []
      : [
          {
            id: `${net.id}-confidence`,
            title: `Mean confidence of the ${name} in its mistakes`,
            theirs: rounded(confidence, 'share'),
            printed: confidence,
            stands: { low: 0.5, words: 'the net is sure of its mistakes (on average above 50 %)' },
            ours: (outcomes: Outcomes) => confidenceOf(outcomes, net.id, 'unclipped'),
          },
        ]),
  ],
);

export const fgsmExperiment: Experiment = {
  id: 'fgsm',
  title: 'One step along the sign of the gradient',
  source: '§4 and §5',
  protocol:
    'All 10,000 test images (of the pair, the 2,038 of 3 and 7), ε = 0.25. The headline leaves the pixel range, as the paper does not say that it clips; what clipping changes stands beside it. Confidence: mean probability of the wrong class over images that were right before.',
  seed: 0,
  nets: [softmax, maxout, logistic, rbf],
  steps: [softmax, maxout, logistic, rbf].map(stepOf),
  figures: [
    ...figures,
    {
      id: 'logistic-3-7-clean',
      title: 'Error of the logistic regression of 3 and 7 without an attack',
      theirs: share(Math.round(0.016 * PAIR_IMAGES), PAIR_IMAGES),
      printed: '1.6',
      stands: { high: 0.05, words: 'the net is a good one without an attack (at most 5 %)' },
      ours: (outcomes) => errorOf(outcomes, logistic.id, 'clean'),
    },
    {
      id: 'rbf-error',
      title: 'Error of the RBF net under one step, not clipped',
      theirs: share(5540, TEST_IMAGES),
      printed: '55.4',
      stands: { high: 0.85, words: 'it withstands more than the linear nets (at most 85 %)' },
      ours: (outcomes) => errorOf(outcomes, rbf.id, 'unclipped'),
    },
    {
      id: 'rbf-confidence',
      title: 'Mean confidence of the RBF net in its mistakes',
      theirs: rounded('1.2', 'share'),
      printed: '1.2',
      stands: { high: 0.2, words: 'it is unsure of its mistakes (on average at most 20 %)' },
      ours: (outcomes) => confidenceOf(outcomes, rbf.id, 'unclipped'),
    },
    {
      id: 'rbf-clean-confidence',
      title: 'Mean confidence of the RBF net without an attack',
      theirs: rounded('60.6', 'share'),
      printed: '60.6',
      stands: { low: 0.4, words: 'it is surer of images as they are (on average at least 40 %)' },
      ours: (outcomes) => mean(judgedIn(outcomes, `${rbf.id}.clean`).confidence, 'share'),
    },
  ],
};
