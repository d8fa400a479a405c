import { directEncoding, directEncodingDefaults } from '../../fooling/direct-encoding.ts';
import type { FoolingImages, FoolingRequest } from '../../fooling/fooling.ts';
import { gradientAscent, gradientAscentDefaults } from '../../fooling/gradient-ascent.ts';
import { indirectEncoding } from '../../fooling/indirect-encoding.ts';
import { lenetMnist } from '../../models/lenet.ts';
import { standard } from '../../training/standard.ts';
import { type Estimate, median, rounded } from '../estimate.ts';
import type { Experiment, Outcomes, TrainedNet } from '../experiment.ts';
import { values } from '../outcomes-file.ts';

const CLASSES = 10;
/** Evolutions of each kind, which differ by seed. */
const RUNS = 2;
const PIXELS = 784;

interface Kind {
  readonly id: string;
  readonly name: string;
  readonly caption: string;
  readonly rounds: number;
  readonly make: (request: FoolingRequest) => Promise<FoolingImages>;
}

const kinds: readonly Kind[] = [
  {
    id: 'direct',
    name: 'evolution of pixels',
    caption:
      'What the net is surest of at the end of the first run, for 0 to 9: noise, in which traces of some digits can be made out.',
    rounds: 1500,
    make: (request) => directEncoding(request, { ...directEncodingDefaults, generations: 1500 }),
  },
  {
    id: 'indirect',
    name: 'evolution of pattern networks',
    caption: 'What the net is surest of at the end of the first run, for 0 to 9: bands, rings and spots.',
    rounds: 1500,
    make: (request) => indirectEncoding(request, 1500),
  },
  {
    id: 'ascent',
    name: 'gradient ascent',
    caption:
      'What the net is surest of at the end of the first run, for 0 to 9. Several can be read as the digits that they are taken for: of this net one cannot say that they show nothing.',
    rounds: 200,
    make: (request) => gradientAscent(request, { ...gradientAscentDefaults, steps: 200 }),
  },
];

export const lenet: TrainedNet = {
  id: 'lenet',
  architecture: lenetMnist,
  method: standard,
  seed: 0,
  options: { dropout: 0, optimiser: 'adam', learningRate: 0.002, batchSize: 200, epochs: 2, annealEpochs: 1 },
};

/** Rounds whose confidences are kept: all up to 50, then every tenth, and the last. */
const isKept = (round: number) => round <= 50 || round % 10 === 0;

const last = (outcomes: Outcomes, step: string) => {
  const trace = values(outcomes, `${step}.confidences`);
  return Array.from(trace.subarray(trace.length - CLASSES));
};

const runsOf = ({ id }: Kind) => Array.from({ length: RUNS }, (_, run) => `${id}-${run}`);

const medianOf = (outcomes: Outcomes, kind: Kind): Estimate =>
  median(
    runsOf(kind).flatMap((step) => last(outcomes, step)),
    'share',
  );

export const foolingExperiment: Experiment = {
  id: 'fooling',
  title: 'Images that show nothing and that LeNet is sure of',
  source: 'abstract and §3.1',
  protocol: `LeNet on MNIST; images from noise for each of the ten digits, ${RUNS} runs of each kind. Evolution keeps the image that the net has been surest of for each digit; a generation has ten children here, and the paper does not print how many it has, so that generations do not compare. 1,500 generations (15,000 images shown to the net), 200 steps of ascent. A median above the printed 99.99 % counts as meeting it.`,
  seed: 0,
  nets: [lenet],
  steps: kinds.flatMap((kind) =>
    runsOf(kind).map((id, run) => ({
      id,
      async run({ net, pause, seed }) {
        const rounds: number[] = [];
        const trace: number[] = [];
        let round = 0;
        let end: ArrayLike<number> = [];
        const { images } = await kind.make({
          classifier: net(lenet.id),
          seed: seed + run,
          async onRound(confidences) {
            if (isKept(round)) {
              rounds.push(round);
              trace.push(...confidences);
            }
            end = confidences;
            round++;
            if (round % 50 === 0) await pause(round / kind.rounds);
          },
        });
        if (!isKept(round - 1)) {
          rounds.push(round - 1);
          trace.push(...Array.from(end));
        }
        return {
          rounds: { shape: [rounds.length], data: Int32Array.from(rounds) },
          confidences: { shape: [rounds.length, CLASSES], data: Float32Array.from(trace) },
          images: { shape: [CLASSES, PIXELS], data: Uint8Array.from(images, (value) => Math.round(255 * value)) },
        };
      },
    })),
  ),
  figures: kinds.map((kind) => ({
    id: kind.id,
    title: `Median confidence at the end, ${kind.name}`,
    // What is surer than that meets it as well.
    theirs: { ...rounded('99.99', 'share'), high: 1 },
    printed: '99.99',
    stands: { low: 0.9, words: 'the net is nearly certain of images that show nothing (at least 90 %)' },
    ours: (outcomes) => medianOf(outcomes, kind),
  })),
  charts: [
    {
      id: 'confidence',
      title: 'Confidence over generations',
      caption: 'Median confidence over the digits and runs, by generation of the evolution or step of the ascent.',
      x: { title: 'Generation', log: true },
      y: { title: 'Median confidence, %', share: true },
      series: (outcomes) =>
        kinds.map((kind) => {
          const rounds = values(outcomes, `${kind.id}-0.rounds`);
          const traces = runsOf(kind).map((step) => values(outcomes, `${step}.confidences`));
          return {
            name: kind.name,
            points: Array.from(rounds.keys(), (i) => ({
              x: (rounds[i] as number) + 1,
              y: median(
                traces.flatMap((trace) => Array.from(trace.subarray(i * CLASSES, (i + 1) * CLASSES))),
                'share',
              ).value,
            })),
          };
        }),
    },
  ],
  pictures: kinds.map((kind) => ({
    title: `Images by ${kind.name}`,
    caption: kind.caption,
    shape: [28, 28, 1],
    images(outcomes) {
      const images = values(outcomes, `${kind.id}-0.images`);
      const confidences = last(outcomes, `${kind.id}-0`);
      return Array.from({ length: CLASSES }, (_, digit) => ({
        pixels: Uint8Array.from(images.subarray(digit * PIXELS, (digit + 1) * PIXELS)),
        text: `LeNet takes this for a ${digit}, with ${(100 * (confidences[digit] as number)).toFixed(2)} % confidence`,
      }));
    },
  })),
};
