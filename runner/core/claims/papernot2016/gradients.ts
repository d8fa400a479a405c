import * as tf from '@tensorflow/tfjs';
import { gradientModel } from '../../gradients.ts';
import { classProbability } from '../../losses.ts';
import { distilled, distilledPair, undistilled } from '../distilled-pair.ts';
import { mean, share } from '../estimate.ts';
import type { Experiment, Outcomes, StepContext } from '../experiment.ts';
import { judge, judgedIn, stored } from '../judged.ts';
import { values } from '../outcomes-file.ts';

/** Test images whose gradients are measured. */
const IMAGES = 500;
const CHUNK = 100;
/** Amplitude below which a gradient says nothing: 10⁻¹⁰. */
const SILENT = -10;
/** What stands for the logarithm of an amplitude that is 0 in float32, whose smallest number is about 10⁻⁴⁵. */
const ZERO = -46;

/** log₁₀ of the mean absolute derivative of the probabilities by the pixels, for each image. */
async function amplitudes({ net, test, pause }: StepContext, id: string): Promise<Float32Array> {
  const { x } = test(undefined, IMAGES);
  const classifier = net(id);
  const model = gradientModel(classifier);
  const size = x.length / IMAGES;
  const sums = new Float64Array(IMAGES);
  try {
    for (let start = 0; start < IMAGES; start += CHUNK) {
      const images = tf.tensor4d(x.slice(start * size, (start + CHUNK) * size), [CHUNK, ...classifier.inputShape]);
      const losses = Array.from({ length: classifier.classes }, (_, c) =>
        classProbability(new Int32Array(CHUNK).fill(c)),
      );
      const { logits, gradients } = model.gradients(images, losses);
      for (const gradient of gradients) {
        // Summed in float64: means of numbers this small would round to 0 on the way.
        const all = await gradient.data<'float32'>();
        for (let i = 0; i < all.length; i++) {
          const row = start + Math.floor(i / size);
          sums[row] = (sums[row] as number) + Math.abs(all[i] as number);
        }
      }
      tf.dispose([images, logits, ...gradients]);
      await pause((start + CHUNK) / IMAGES);
    }
  } finally {
    model.dispose();
  }
  return Float32Array.from(sums, (sum) => (sum === 0 ? ZERO : Math.log10(sum / (size * classifier.classes))));
}

const silent = (outcomes: Outcomes, id: string) => {
  const all = Array.from(values(outcomes, `${id}.amplitude`));
  return share(all.filter((logarithm) => logarithm < SILENT).length, all.length);
};

export const gradientsExperiment: Experiment = {
  id: 'gradients',
  title: 'What distillation does to gradients and to accuracy',
  source: '§V',
  protocol: `The nets Undefended and Papernot2016Distillation (T = 100), both tested at temperature 1. Amplitude: mean absolute derivative of the ten probabilities by the 784 pixels, of the first ${IMAGES} test images, in float32; accuracy: all 10,000. The paper measured amplitudes on CIFAR-10 and says that they fell by up to 10³⁰.`,
  seed: 0,
  nets: distilledPair,
  steps: distilledPair.map(({ id }) => ({
    id,
    async run(context) {
      const { x, y, count } = context.test();
      return {
        y: { shape: [count], data: Uint8Array.from(y) },
        ...stored('clean', await judge(context.net(id), x, context.pause)),
        amplitude: { shape: [IMAGES], data: await amplitudes(context, id) },
      };
    },
  })),
  figures: [
    {
      id: 'silent-undistilled',
      title: 'Images with an amplitude below 10⁻¹⁰, not distilled',
      theirs: null,
      stands: { high: 0.5, words: 'most gradients of a plain net say something (at most half are silent)' },
      ours: (outcomes) => silent(outcomes, undistilled.id),
    },
    {
      id: 'silent-distilled',
      title: 'Images with an amplitude below 10⁻¹⁰, distilled',
      theirs: null,
      stands: { low: 0.5, words: 'distillation takes most gradients away (at least half are silent)' },
      ours: (outcomes) => silent(outcomes, distilled.id),
    },
    {
      id: 'accuracy',
      title: 'Accuracy that distillation adds (below 0: takes away)',
      theirs: null,
      stands: { low: -0.0137, high: 0.0137, words: 'it changes accuracy by less than 1.37 points' },
      ours(outcomes) {
        const y = values(outcomes, `${distilled.id}.y`);
        const [before, after] = [undistilled, distilled].map(
          ({ id }) => judgedIn(outcomes, `${id}.clean`).predicted,
        ) as [ArrayLike<number>, ArrayLike<number>];
        return mean(
          Array.from(y, (label, row) => Number(after[row] === label) - Number(before[row] === label)),
          'share',
        );
      },
    },
  ],
  charts: [
    {
      id: 'amplitudes',
      title: 'Amplitudes of gradients with and without distillation',
      caption:
        'Share of the images whose amplitude is at most 10 to the power on the axis. What is 0 in float32 stands at −46.',
      x: { title: 'log₁₀ of the amplitude' },
      y: { title: 'Images below, %', share: true },
      series: (outcomes) =>
        distilledPair.map(({ id }) => {
          const all = Array.from(values(outcomes, `${id}.amplitude`));
          return {
            name: id === distilled.id ? 'distilled' : 'not distilled',
            points: Array.from({ length: 47 }, (_, i) => ({
              x: ZERO + i,
              y: all.filter((logarithm) => logarithm <= ZERO + i).length / all.length,
            })),
          };
        }),
    },
  ],
};
