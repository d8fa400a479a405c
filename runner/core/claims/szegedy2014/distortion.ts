import { rounded } from '../estimate.ts';
import type { Experiment, ExperimentFigure, Outcomes, TrainedNet } from '../experiment.ts';
import { values } from '../outcomes-file.ts';
import { distortion, examplesOf, IMAGES, SHOWN, sizesCompared, transfer } from './examples.ts';
import { ae400, fc10Middle, fc10Strong, fc10Weak, fc100, fc200 } from './nets.ts';
import { errorOfJudged, noiseStep } from './noise.ts';

const sources: readonly TrainedNet[] = [fc10Weak, fc10Middle, fc10Strong, fc100, fc200];
const judges: readonly TrainedNet[] = [fc10Weak, fc100, ae400];

const names = new Map<TrainedNet, string>([
  [fc10Weak, 'FC10(10⁻⁴)'],
  [fc10Middle, 'FC10(10⁻²)'],
  [fc10Strong, 'FC10(1)'],
  [fc100, 'FC100-100-10'],
  [fc200, 'FC200-200-10'],
  [ae400, 'AE400-10'],
]);
const nameOf = (net: TrainedNet) => names.get(net) as string;

/** Test error and mean distortion of each net, as printed in table 1. */
const printed: readonly (readonly [TrainedNet, string, string])[] = [
  [fc10Weak, '7.4', '0.062'],
  [fc10Middle, '9.4', '0.1'],
  [fc10Strong, '20', '0.14'],
  [fc100, '1.64', '0.058'],
  [fc200, '1.54', '0.065'],
  [ae400, '1.9', '0.086'],
];

/** Errors in percent on examples of each source, by FC10(10⁻⁴), FC100-100-10 and AE400-10, as printed in table 2. */
const transfers: readonly (readonly [TrainedNet, readonly [string, string, string]])[] = [
  [fc10Weak, ['100', '2', '2.7']],
  [fc10Middle, ['87.1', '35.9', '9.8']],
  [fc10Strong, ['71.9', '48.1', '34.4']],
  [fc100, ['28.9', '100', '2']],
  [fc200, ['38.2', '20.3', '2.7']],
];

const NOISE = [0.1, 0.3] as const;
const sizesByName = Object.fromEntries(NOISE.map((size) => [`noise-${size}`, size]));
/** Errors in percent under Gaussian noise of these sizes, in the same order. */
const noise: readonly (readonly [number, readonly [string, string, string]])[] = [
  [0.1, ['5.0', '0', '0.8']],
  [0.3, ['15.6', '5', '3.1']],
];

/** Pairs of which it can be seen in the outcomes why another part of the examples crosses. */
const compared: readonly (readonly [TrainedNet, TrainedNet])[] = [
  [fc10Weak, fc100],
  [fc10Middle, fc100],
  [fc10Strong, fc100],
  [fc100, fc10Weak],
  [fc200, fc10Weak],
];
const printedDistortion = (net: TrainedNet) => Number(printed.find(([one]) => one === net)?.[2]);
const sizes = compared.map(([source, other]) => [
  `${source.id}-to-${other.id}`,
  (outcomes: Outcomes) =>
    sizesCompared(
      outcomes,
      [source, nameOf(source)],
      [other, nameOf(other)],
      printedDistortion(source) / printedDistortion(other),
    ),
]);

/** Why a number is another, where that can be seen in the others. */
const gaps: Readonly<Record<string, NonNullable<ExperimentFigure['gap']>>> = {
  ...Object.fromEntries(sizes),
  [`${ae400.id}-error`]:
    'The encoder stays as the reconstruction left it, and only the classifier on top learns the classes; the paper does not say whether it went on with both.',
};
const gapOf = (figure: string) => {
  const gap = gaps[figure];
  return gap === undefined ? {} : { gap };
};

const distortions: readonly ExperimentFigure[] = printed.flatMap(([net, error, size]) => [
  {
    id: `${net.id}-error`,
    title: `${nameOf(net)}: error on the test set`,
    theirs: rounded(error, 'share'),
    printed: error,
    stands: { high: Math.max(0.05, (1.5 * Number(error)) / 100), words: 'the net is about as good as theirs' },
    ours: (outcomes) => errorOfJudged(outcomes, `${net.id}-clean`, 'clean'),
    ...gapOf(`${net.id}-error`),
  },
  {
    id: `${net.id}-distortion`,
    title: `${nameOf(net)}: mean distortion of its nearest examples`,
    theirs: rounded(size, 'number'),
    printed: size,
    stands: { high: 0.25, words: 'changes that are hard to see suffice (at most 0.25)' },
    ours: (outcomes) => distortion(outcomes, net),
  },
]);

const crossings: readonly ExperimentFigure[] = transfers.flatMap(([source, row]) =>
  judges.flatMap((other, i) =>
    other === source
      ? []
      : [
          {
            id: `${source.id}-to-${other.id}`,
            title: `Examples of ${nameOf(source)} that ${nameOf(other)} has wrong`,
            theirs: rounded(row[i] as string, 'share'),
            printed: row[i] as string,
            stands: { low: 0.02, words: 'some of the examples carry over (at least 2 %)' },
            ours: (outcomes: Outcomes) => transfer(outcomes, source, other),
            ...gapOf(`${source.id}-to-${other.id}`),
          },
        ],
  ),
);

const controls: readonly ExperimentFigure[] = noise.flatMap(([size, row]) =>
  judges.map((net, i) => ({
    id: `noise-${size}-${net.id}`,
    title: `Gaussian noise of ${size} that ${nameOf(net)} has wrong`,
    theirs: rounded(row[i] as string, 'share'),
    printed: row[i] as string,
    stands: { high: 0.25, words: 'noise does much less than examples made for a net (at most 25 %)' },
    ours: (outcomes: Outcomes) => errorOfJudged(outcomes, `${net.id}-clean`, `noise-${size}`, true),
  })),
);

export const distortionExperiment: Experiment = {
  id: 'distortion',
  title: 'Nearest examples by L-BFGS, and nets that they were not made for',
  source: 'tables 1 and 2',
  protocol: `The first ${IMAGES} test images, each towards a wrong class drawn at random, by box-constrained L-BFGS with seven values of c; distortion is the root of the mean squared change of a pixel, averaged over the images that were right and reached their class. The paper made its examples of training images, and does not say how many, nor how it chose the classes. What carries over to another net is counted of images that it had right before. Gaussian noise: all test images that a net has right, not clipped.`,
  seed: 0,
  nets: [fc10Weak, fc10Middle, fc10Strong, fc100, fc200, ae400],
  steps: [
    ...[...sources, ae400].map(({ id }) => noiseStep(`${id}-clean`, id, sizesByName)),
    ...[...sources, ae400].map((net) => examplesOf(net, judges)),
  ],
  figures: [...distortions, ...crossings, ...controls],
  pictures: [
    {
      title: 'Nearest examples of FC100-100-10',
      caption: 'Test images as they are, and beside each what FC100-100-10 takes for another class, drawn at random.',
      shape: [28, 28, 1],
      images(outcomes) {
        const [x, xAdv] = [values(outcomes, `${fc100.id}.x`), values(outcomes, `${fc100.id}.xAdv`)];
        const y = values(outcomes, `${fc100.id}.y`);
        const said = values(outcomes, `${fc100.id}.on.${fc100.id}`);
        const pixels = (of: typeof x, row: number) => Uint8Array.from(of.subarray(row * 784, (row + 1) * 784));
        return Array.from({ length: SHOWN }, (_, row) => [
          { pixels: pixels(x, row), text: `Test image ${row}, a ${y[row]}` },
          { pixels: pixels(xAdv, row), text: `The same, changed: classified as ${said[row]}` },
        ]).flat();
      },
    },
  ],
};
