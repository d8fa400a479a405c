import { imageSize, probabilities } from '../../fooling/fooling.ts';
import type { Classifier } from '../../models/classifier.ts';
import { undistilled } from '../distilled-pair.ts';
import { difference, type Estimate, mean, meanOfFew, share } from '../estimate.ts';
import type { Experiment, Outcomes, TrainedGan } from '../experiment.ts';
import { values } from '../outcomes-file.ts';
import { parzen } from './parzen.ts';
import { classScore } from './score.ts';

/** The classifier that says what samples look like. */
const classifier = undistilled;
const CLASSES = 10;
const SIZE = 784;
/** Samples of the generator at the end. */
const SAMPLES = 10_000;
/** Test images that the likelihood is of, and training images that choose the width of the window. */
const TESTED = 1000;
const WIDTHS = [0.12, 0.14, 0.16, 0.18, 0.2, 0.22, 0.25, 0.3];
const SURE = 0.9;
const BATCH = 500;
const EPOCHS = 6;
/** A probability is stored in so many parts of 1. */
const PARTS = 65_535;

async function scored(net: Classifier, images: Float32Array, pause: (fraction: number) => Promise<void>) {
  const count = images.length / imageSize(net);
  const all = new Uint16Array(count * CLASSES);
  for (let start = 0; start < count; start += BATCH) {
    const batch = await probabilities(net, images.subarray(start * SIZE, (start + BATCH) * SIZE));
    all.set(
      batch.map((probability) => Math.round(PARTS * probability)),
      start * CLASSES,
    );
    await pause(Math.min(1, (start + BATCH) / count));
  }
  return all;
}

/** The images of a grid one after another, in [0, 1]. */
export function taken({ pixels, side }: TrainedGan['grids'][number], of: number): Float32Array {
  const columns = side / of;
  return Float32Array.from({ length: side * side }, (_, i) => {
    const [image, at] = [Math.floor(i / of ** 2), i % of ** 2];
    const [row, column] = [Math.floor(image / columns) * of, (image % columns) * of];
    return (pixels[(row + Math.floor(at / of)) * side + column + (at % of)] as number) / 255;
  });
}

const flat = (data: Float32Array | Uint8Array) => ({ shape: [data.length], data });
const byClass = (data: Uint16Array) => ({ shape: [data.length / CLASSES, CLASSES], data });
const fractions = (outcomes: Outcomes, name: string) =>
  Float64Array.from(values(outcomes, name), (part) => part / PARTS);

const confidences = (outcomes: Outcomes, name: string) => {
  const all = fractions(outcomes, name);
  return Array.from({ length: all.length / CLASSES }, (_, row) =>
    Math.max(...Array.from(all.subarray(row * CLASSES, (row + 1) * CLASSES))),
  );
};

const sure = (outcomes: Outcomes, name: string): Estimate => {
  const all = confidences(outcomes, name);
  return share(all.filter((confidence) => confidence >= SURE).length, all.length);
};

/** A score of many images, with the spread of its values over tenths of them. */
function scoreOf(outcomes: Outcomes, name: string): Estimate {
  const all = fractions(outcomes, name);
  const part = all.length / 10;
  const parts = Array.from({ length: 10 }, (_, i) => classScore(all.subarray(i * part, (i + 1) * part), CLASSES));
  const { value, low, high } = meanOfFew(parts, 'number');
  const whole = classScore(all, CLASSES);
  return { value: whole, low: whole - (value - low), high: whole + (high - value), unit: 'number' };
}

/** Share that the discriminator told right, of real and of made images alike, at each point of the history. */
function toldRight(outcomes: Outcomes): { epoch: number; accuracy: number }[] {
  const epochs = Array.from(values(outcomes, 'history.epoch'));
  const [real, made] = ['real', 'made'].map((kind) => values(outcomes, `history.${kind}`));
  return epochs.map((epoch, i) => ({ epoch, accuracy: ((real?.[i] as number) + (made?.[i] as number)) / 2 }));
}

const during = (outcomes: Outcomes, after: number, until: number) =>
  mean(
    toldRight(outcomes)
      .filter(({ epoch }) => after < epoch && epoch <= until)
      .map(({ accuracy }) => accuracy),
    'share',
  );

export const trainingExperiment: Experiment = {
  id: 'training',
  title: 'Training on MNIST: what the discriminator can tell, and what samples look like',
  source: '§4, §5 and table 1',
  protocol: `train-gan mnist for ${EPOCHS} epochs: both nets convolutional and with a penalty on the discriminator’s slopes, where the paper’s are fully connected and have none. The classifier that looks at samples is the net Undefended; its score is the Inception score with that net in the place of Inception. Likelihood: Parzen windows on ${SAMPLES.toLocaleString('en')} samples, of the first ${TESTED.toLocaleString('en')} test images; of ${WIDTHS.length} widths the one that is best on the last ${TESTED.toLocaleString('en')} training images.`,
  seed: 0,
  nets: [classifier],
  gan: { epochs: EPOCHS, seed: 0 },
  steps: [
    {
      id: 'history',
      async run({ gan }) {
        const { history } = gan();
        const column = (of: (point: TrainedGan['history'][number]) => number) => flat(Float32Array.from(history, of));
        return {
          epoch: column(({ epoch }) => epoch),
          real: column(({ accuracyReal }) => accuracyReal),
          made: column(({ accuracyMade }) => accuracyMade),
          discriminatorLoss: column(({ discriminatorLoss }) => discriminatorLoss),
          generatorLoss: column(({ generatorLoss }) => generatorLoss),
        };
      },
    },
    {
      id: 'samples',
      async run({ gan, net, test, seed, pause }) {
        const { grids, generate } = gan();
        const outcomes: Record<string, Outcomes[string]> = {};
        for (const [i, grid] of grids.entries()) {
          const { pixels, side } = grid;
          outcomes[`grid.${i + 1}`] = { shape: [side, side], data: pixels };
          outcomes[`by-epoch.${i + 1}`] = byClass(await scored(net(classifier.id), taken(grid, 28), pause));
        }
        outcomes['end'] = byClass(await scored(net(classifier.id), await generate(SAMPLES, seed), pause));
        outcomes['real'] = byClass(await scored(net(classifier.id), test().x, pause));
        return outcomes;
      },
    },
    {
      id: 'likelihood',
      async run({ gan, train, test, seed, pause }) {
        const { x } = train();
        const tested = test(undefined, TESTED).x;
        const outcomes: Record<string, Outcomes[string]> = {};
        for (const [name, centres] of [
          ['samples', await gan().generate(SAMPLES, seed)],
          ['training', x.slice(0, SAMPLES * SIZE)],
        ] as const) {
          const tried = await parzen(centres, x.slice(-TESTED * SIZE), SIZE, WIDTHS);
          await pause(0.5);
          const means = tried.map((all) => mean(all, 'number').value);
          const width = WIDTHS[means.indexOf(Math.max(...means))] as number;
          const [nats] = await parzen(centres, tested, SIZE, [width]);
          outcomes[`${name}.width`] = flat(Float32Array.of(width));
          outcomes[`${name}.nats`] = flat(nats as Float32Array);
        }
        return outcomes;
      },
    },
  ],
  figures: [
    {
      id: 'likelihood',
      title: 'Mean log likelihood of test images by Parzen windows, nats',
      theirs: { value: 225, low: 225 - 1.96 * 2, high: 225 + 1.96 * 2, unit: 'number' },
      printed: '225',
      stands: {
        low: 138,
        words: 'samples lie as near to digits as those of older models (at least 138)',
      },
      ours: (outcomes) => mean(values(outcomes, 'likelihood.samples.nats'), 'number'),
      gap: (outcomes) =>
        `With as many training images in the place of the samples it is ${Math.round(mean(values(outcomes, 'likelihood.training.nats'), 'number').value)} nats. Ours was trained for ${EPOCHS} epochs, and what the discriminator can tell was still falling.`,
    },
    {
      id: 'end-accuracy',
      title: 'What the discriminator tells right in the last epoch',
      theirs: null,
      stands: { low: 0.4, high: 0.6, words: 'at the end it cannot tell real from made (about one half: 40 to 60 %)' },
      ours: (outcomes) => during(outcomes, EPOCHS - 1, EPOCHS),
    },
    {
      id: 'fall',
      title: 'How much less it tells right in the last epoch than in the first',
      theirs: null,
      stands: { low: 0, words: 'what it can tell falls as the generator learns' },
      ours: (outcomes) => difference(during(outcomes, 0, 1), during(outcomes, EPOCHS - 1, EPOCHS)),
    },
    {
      id: 'sure',
      title: 'Samples that the classifier is at least 90 % sure of',
      theirs: null,
      stands: { low: 0.7, words: 'samples look like digits (most of them: at least 70 %)' },
      ours: (outcomes) => sure(outcomes, 'samples.end'),
    },
    {
      id: 'score',
      title: 'Score of the samples (1 to 10)',
      theirs: null,
      stands: { low: 7, words: 'they are of all ten digits, and each clearly of one (at least 7)' },
      ours: (outcomes) => scoreOf(outcomes, 'samples.end'),
    },
    {
      id: 'real-score',
      title: 'Score of the test images, to compare',
      theirs: null,
      stands: { low: 9, words: 'the score is high for what is real (at least 9)' },
      ours: (outcomes) => scoreOf(outcomes, 'samples.real'),
    },
  ],
  charts: [
    {
      id: 'told-right',
      title: 'What the discriminator tells right',
      caption:
        'Share of real and of made images that the discriminator takes for what they are, by epoch; one half is guessing.',
      x: { title: 'Epoch' },
      y: { title: 'Told right, %', share: true },
      series: (outcomes) =>
        (['real', 'made'] as const).map((kind) => {
          const epochs = values(outcomes, 'history.epoch');
          const told = values(outcomes, `history.${kind}`);
          return { name: kind, points: Array.from(epochs, (x, i) => ({ x, y: told[i] as number })) };
        }),
    },
    {
      id: 'looks',
      title: 'Samples that the classifier is sure of',
      caption: `Share of the 64 samples after each epoch of which the net Undefended is at least ${100 * SURE} % sure.`,
      x: { title: 'Epoch' },
      y: { title: 'Sure of, %', share: true },
      series: (outcomes) => [
        {
          name: 'samples',
          points: Array.from({ length: EPOCHS }, (_, i) => ({
            x: i + 1,
            y: sure(outcomes, `samples.by-epoch.${i + 1}`).value,
          })),
        },
      ],
    },
  ],
  pictures: [
    {
      title: 'Samples after each epoch',
      caption: 'The same 64 latent vectors each time. Nothing is chosen.',
      shape: [224, 224, 1],
      images: (outcomes) =>
        Array.from({ length: EPOCHS }, (_, i) => ({
          pixels: Uint8Array.from(values(outcomes, `samples.grid.${i + 1}`)),
          text: `64 samples after epoch ${i + 1}, in eight rows`,
          label: `Epoch ${i + 1}: ${Math.round(100 * sure(outcomes, `samples.by-epoch.${i + 1}`).value)} % sure`,
        })),
    },
  ],
};
