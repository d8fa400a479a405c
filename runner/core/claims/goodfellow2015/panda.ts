import { bim } from '../../attacks/bim.ts';
import { fgsm } from '../../attacks/fgsm.ts';
import { cifar10 } from '../../datasets/cifar10.ts';
import { gather } from '../../training/batches.ts';
import { attackImages } from '../attack-images.ts';
import { mean, rounded, share } from '../estimate.ts';
import type { Experiment, ExperimentFigure, Outcomes, SubmittedNet } from '../experiment.ts';
import { judge, judgedIn, stored } from '../judged.ts';
import { values } from '../outcomes-file.ts';

const net: SubmittedNet = { id: 'undefended', submission: 'UndefendedCifar' };

/** Images that are looked through. */
const IMAGES = 1000;
const CHUNK = 100;
const SIZE = 3072;
/** Two of 256 steps, so that a picture is what was measured; the paper’s 0.007 is 1.8 of them. */
const EPSILON = 2 / 255;
/** How sure of an image the net may be for it to count as moderately sure. */
const MODERATE = 0.8;
const kinds = [
  { id: 'step', attack: fgsm, options: {} },
  { id: 'steps', attack: bim, options: { steps: 5, stepSize: EPSILON / 2, earlyStop: false } },
] as const;
type Kind = (typeof kinds)[number]['id'];

/** Rows that the net has right and is moderately sure of: those that are attacked. */
function moderate(outcomes: Outcomes): number[] {
  const y = values(outcomes, 'images.y');
  const { predicted, confidence } = judgedIn(outcomes, 'images.clean');
  return Array.from(y.keys()).filter((row) => predicted[row] === y[row] && (confidence[row] as number) <= MODERATE);
}

/** Confidence in the wrong class of each of these rows, 0 for one that is right. */
function turned(outcomes: Outcomes, kind: Kind): number[] {
  const y = values(outcomes, 'images.y');
  const { predicted, confidence } = judgedIn(outcomes, `images.${kind}`);
  return moderate(outcomes).map((row, at) => (predicted[at] === y[row] ? 0 : (confidence[at] as number)));
}

/** The image that is turned with the most confidence. */
function best(outcomes: Outcomes, kind: Kind): { at: number; row: number; confidence: number } {
  const all = turned(outcomes, kind);
  const confidence = Math.max(0, ...all);
  const at = all.indexOf(confidence);
  return { at, row: moderate(outcomes)[at] as number, confidence };
}

const bytes = (x: Float32Array) => Uint8Array.from(x, (value) => Math.round(255 * value));
const percent = (value: number) => `${(100 * value).toFixed(1)} %`;
const nameOf = (label: number) => cifar10.classNames[label] ?? 'nothing';

/** The image, the change with ε as far from grey as can be, and their sum. */
function pictures(outcomes: Outcomes, kind: Kind) {
  const { at, row, confidence } = best(outcomes, kind);
  const before = judgedIn(outcomes, 'images.clean');
  const after = judgedIn(outcomes, `images.${kind}`);
  const [x, sum] = ['x', 'sum'].map((name) => Uint8Array.from(values(outcomes, `images.${kind}.${name}`)));
  const change = (x as Uint8Array).map(
    (value, i) => 127.5 + (((sum as Uint8Array)[i] as number) - value) * (127.5 / 2),
  );
  const own = nameOf(before.predicted[row] as number);
  const other = nameOf(after.predicted[at] as number);
  const sure = before.confidence[row] as number;
  return [
    {
      pixels: x as Uint8Array,
      text: `Test image ${row}: ${own}, classified so with ${percent(sure)} confidence`,
      label: `${own}, ${percent(sure)}`,
    },
    { pixels: change, text: 'The change, amplified 64 times: like noise', label: '+ 2/255 · this' },
    {
      pixels: sum as Uint8Array,
      text: `Their sum, which looks the same: classified as ${other} with ${percent(confidence)} confidence`,
      label: `= ${other}, ${percent(confidence)}`,
    },
  ];
}

export const pandaExperiment: Experiment = {
  id: 'panda',
  title: 'The panda of this place: an image turned by a change that nobody sees',
  source: 'figure 1, of GoogLeNet on ImageNet',
  dataset: 'cifar10',
  protocol: `The net UndefendedCifar, the first ${IMAGES.toLocaleString('en')} test images of CIFAR-10, ε = 2/255 (the paper’s 0.007 is 1.8/255): one step along the sign of the gradient, and five smaller ones, rounded to 8 bits as a picture is. Attacked are the images that are right with at most ${100 * MODERATE} % confidence; looked for is the one that is then wrong with as much as possible; the paper shows one image of one net, and does not say how it was found.`,
  seed: 0,
  nets: [net],
  steps: [
    {
      id: 'images',
      async run({ test, net: ready, seed, pause }) {
        const { x, y, count } = test(undefined, IMAGES);
        const classifier = ready(net.id);
        const found: Record<string, Outcomes[string]> = {
          y: { shape: [count], data: Uint8Array.from(y) },
          ...stored('clean', await judge(classifier, x, async () => {})),
        };
        const named = () => Object.fromEntries(Object.entries(found).map(([name, data]) => [`images.${name}`, data]));
        const rows = moderate(named());
        for (const [i, { id, attack, options }] of kinds.entries()) {
          const { xAdv } = await attackImages(
            {
              attack,
              options,
              classifier,
              x: gather(x, Int32Array.from(rows), SIZE),
              y: Int32Array.from(rows, (row) => y[row] as number),
              target: null,
              examples: Int32Array.from(rows),
              norm: 'Linf',
              epsilon: EPSILON,
              seed,
              stream: id,
            },
            CHUNK,
            (fraction) => pause((i + fraction) / kinds.length),
          );
          const attacked = bytes(xAdv);
          const judged = await judge(
            classifier,
            Float32Array.from(attacked, (value) => value / 255),
            async () => {},
          );
          Object.assign(found, stored(id, judged));
          const { at, row } = best(named(), id);
          found[`${id}.x`] = { shape: [SIZE], data: bytes(x.subarray(row * SIZE, (row + 1) * SIZE)) };
          found[`${id}.sum`] = { shape: [SIZE], data: attacked.slice(at * SIZE, (at + 1) * SIZE) };
        }
        return found;
      },
    },
  ],
  figures: [
    ...kinds.map(
      ({ id }): ExperimentFigure => ({
        id,
        title:
          id === 'step'
            ? 'Confidence in the wrong class after one step, the image that is turned most'
            : 'The same after five smaller steps',
        theirs: rounded('99.3', 'share'),
        printed: '99.3',
        stands: { low: 0.9, words: 'the net becomes sure of a wrong class (at least 90 %)' },
        // Of one image, which stands for itself.
        ours: (outcomes) => mean([best(outcomes, id).confidence], 'share'),
      }),
    ),
    {
      id: 'turned',
      title: `Images that are right with at most ${100 * MODERATE} % confidence and wrong after one step`,
      theirs: null,
      stands: { low: 0.5, words: 'the panda is no rare exception (at least half)' },
      ours(outcomes) {
        const all = turned(outcomes, 'step');
        return share(all.filter((confidence) => confidence > 0).length, all.length);
      },
    },
  ],
  pictures: [
    {
      title: 'The image that one step turns most',
      caption:
        'An image, what is added to it, amplified 64 times (grey: nothing), and the sum. What is added is at most two of 256 steps in any value.',
      shape: [32, 32, 3],
      images: (outcomes) => pictures(outcomes, 'step'),
    },
  ],
};
