import { distilled, distilledPair, undistilled } from '../distilled-pair.ts';
import { change, type Estimate, median, share } from '../estimate.ts';
import type { Experiment, Outcomes } from '../experiment.ts';
import { judge, judgedIn, stored } from '../judged.ts';
import { values } from '../outcomes-file.ts';
import { amplitudes, BOUNDS } from './amplitude.ts';

/** Test images whose gradients are measured. */
const IMAGES = 500;
/** Logarithm of the amplitude below which float32 has nothing but 0. */
const SILENT = -45;

/** How many powers of ten distillation takes from the amplitude of each image. */
function reductions(outcomes: Outcomes): number[] {
  const before = Array.from(values(outcomes, `${undistilled.id}.amplitude`));
  const after = values(outcomes, `${distilled.id}.amplitude`);
  return before.map((logarithm, row) => logarithm - (after[row] as number));
}

const silent = (outcomes: Outcomes, id: string) => {
  const all = Array.from(values(outcomes, `${id}.amplitude`));
  return share(all.filter((logarithm) => logarithm < SILENT).length, all.length);
};

/** How many more images distillation has below a bound, image by image, at the bound where that is least. */
function shift(outcomes: Outcomes): Estimate {
  const [before, after] = [undistilled, distilled].map(({ id }) => Array.from(values(outcomes, `${id}.amplitude`)));
  const all = BOUNDS.map((bound) =>
    change(
      IMAGES,
      (row) => (before?.[row] as number) < bound,
      (row) => (after?.[row] as number) < bound,
    ),
  );
  return all.reduce((least, one) => (one.value < least.value ? one : least));
}

export const gradientsExperiment: Experiment = {
  id: 'gradients',
  title: 'What distillation does to gradients and to accuracy',
  source: '§V',
  protocol: `The nets Undefended and Papernot2016Distillation (T = 100), both tested at temperature 1. Amplitude: mean absolute derivative of the ten probabilities by the 784 pixels, of the first ${IMAGES} test images, of its true size also where float32 rounds it to 0; accuracy: all 10,000. The paper measured amplitudes on CIFAR-10 and says that they fell by up to 10³⁰.`,
  seed: 0,
  nets: distilledPair,
  steps: distilledPair.map(({ id }) => ({
    id,
    async run(context) {
      const { x, y, count } = context.test();
      return {
        y: { shape: [count], data: Uint8Array.from(y) },
        ...stored('clean', await judge(context.net(id), x, context.pause)),
        ...(await amplitudes(context, id, IMAGES)),
      };
    },
  })),
  figures: [
    {
      id: 'silent-undistilled',
      title: 'Images with an amplitude that float32 cannot hold (below 10⁻⁴⁵), not distilled',
      theirs: null,
      stands: { high: 0.5, words: 'most gradients of a plain net can be followed (at most half cannot)' },
      ours: (outcomes) => silent(outcomes, undistilled.id),
    },
    {
      id: 'silent-distilled',
      title: 'The same, distilled',
      theirs: null,
      stands: { low: 0.5, words: 'distillation takes most gradients away (at least half)' },
      ours: (outcomes) => silent(outcomes, distilled.id),
    },
    {
      id: 'shift',
      title: 'Images that distillation moves below a power of ten from 10⁻⁴⁰ to 10⁻³, where they are fewest',
      theirs: null,
      stands: {
        low: Number.MIN_VALUE,
        words: 'distillation moves images to smaller buckets, at every bound (more than none)',
      },
      ours: shift,
    },
    {
      id: 'reduction',
      title: 'Powers of ten by which distillation reduces an amplitude (median)',
      theirs: null,
      stands: { low: 10, words: 'it reduces amplitudes by many powers of ten (at least ten)' },
      ours: (outcomes) => median(reductions(outcomes), 'number'),
    },
    {
      id: 'largest-reduction',
      title: 'The same, largest of all images',
      theirs: null,
      stands: { low: 30, words: 'by up to 10³⁰ (at least thirty)' },
      ours(outcomes) {
        const value = Math.max(...reductions(outcomes));
        return { value, low: value, high: value, unit: 'number' };
      },
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
        return change(
          y.length,
          (row) => before[row] === y[row],
          (row) => after[row] === y[row],
        );
      },
    },
  ],
  charts: [
    {
      id: 'amplitudes',
      title: 'Amplitudes of gradients with and without distillation',
      caption:
        'Share of the images whose amplitude is at most 10 to the power on the axis. Float32 has no number below about 10⁻⁴⁵: an attack that follows the probabilities sees 0 there.',
      x: { title: 'log₁₀ of the amplitude' },
      y: { title: 'Images below, %', share: true },
      series: (outcomes) =>
        distilledPair.map(({ id }) => {
          const all = Array.from(values(outcomes, `${id}.amplitude`));
          return {
            name: id === distilled.id ? 'distilled' : 'not distilled',
            points: Array.from({ length: 61 }, (_, i) => ({
              x: 2 * i - 120,
              y: all.filter((logarithm) => logarithm <= 2 * i - 120).length / all.length,
            })),
          };
        }),
    },
  ],
};
