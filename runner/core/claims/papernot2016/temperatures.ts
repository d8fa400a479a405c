import type { Attack } from '../../attacks/attack.ts';
import { jsma } from '../../attacks/jsma.ts';
import { runAttack } from '../../attacks/run.ts';
import { imageSize } from '../../fooling/fooling.ts';
import type { Architecture } from '../../models/architecture.ts';
import { papernotCifar10, papernotMnist } from '../../models/papernot.ts';
import type { Recipe } from '../../submission.ts';
import { distillation } from '../../training/distillation.ts';
import { type Estimate, mean, share } from '../estimate.ts';
import type {
  ChartWanted,
  Experiment,
  ExperimentFigure,
  NetWanted,
  Outcomes,
  Step,
  StepContext,
} from '../experiment.ts';
import { judge, wrong } from '../judged.ts';
import { values } from '../outcomes-file.ts';
import { isEnd, names, type PaperDataset, printedRate, rates, standsAt } from './rates.ts';
import { robustness } from './robustness.ts';

const IMAGES = 100;
/** Images whose pairs are attacked at a time. */
const CHUNK = 25;
const EPSILON = 112;
const EPOCHS = 15;

interface Nets {
  readonly architecture: Architecture;
  /** The ends of the curve, which stand on the board. */
  readonly undistilled: string;
  readonly distilled: string;
  readonly options: Recipe['options'];
  /** Step length at temperature 1, and the most: gradients shrink as the temperature grows, and at low ones the paper's 0.1 does not settle. */
  readonly stepLength: { readonly base: number; readonly most: number };
  readonly protocol: string;
}

const nets: Readonly<Record<PaperDataset, Nets>> = {
  mnist: {
    architecture: papernotMnist,
    undistilled: 'Undefended',
    distilled: 'Papernot2016Distillation',
    options: { epochs: EPOCHS },
    stepLength: { base: 0.01, most: 0.1 },
    protocol: `The ends of the curve are the nets of the board, trained for 50 epochs; those between are trained here for ${EPOCHS}.`,
  },
  cifar10: {
    architecture: papernotCifar10,
    undistilled: 'UndefendedCifar',
    distilled: 'Papernot2016DistillationCifar',
    options: { epochs: 12, decay: 0.5, decayDelay: 6, mirror: true },
    stepLength: { base: 0.03, most: 0.2 },
    protocol: 'All nets are trained for 12 epochs; the ends of the curve are those of the board.',
  },
};

/** Names a point of the curve. */
export const pointId = (temperature: number | null): string =>
  temperature === null ? 'undistilled' : `t${temperature}`;

function netAt(dataset: PaperDataset, temperature: number | null): NetWanted {
  const { architecture, undistilled, distilled, options, stepLength } = nets[dataset];
  const id = pointId(temperature);
  if (temperature === null) return { id, submission: undistilled };
  if (temperature === 100) return { id, submission: distilled };
  const learningRate = Math.min(stepLength.most, stepLength.base * temperature);
  const own = { ...options, temperature, learningRate };
  return { id, architecture, method: distillation, seed: 0, options: own };
}

/** The first images that the net has right, towards each of the classes that are wrong. */
async function attackPairs({ net, seed, test, pause }: StepContext, id: string, right: readonly number[]) {
  const { x, y } = test();
  const classifier = net(id);
  const size = imageSize(classifier);
  const pairs = right.flatMap((row) =>
    Array.from({ length: classifier.classes }, (_, target) => ({ row, target })).filter(
      ({ target }) => target !== y[row],
    ),
  );
  const reached = new Uint8Array(pairs.length);
  const changed = new Uint16Array(pairs.length);
  const step = CHUNK * (classifier.classes - 1);
  for (let start = 0; start < pairs.length; start += step) {
    const some = pairs.slice(start, start + step);
    const images = new Float32Array(some.length * size);
    for (const [i, { row }] of some.entries()) images.set(x.subarray(row * size, (row + 1) * size), i * size);
    const { success, distance } = await runAttack({
      attack: jsma as Attack,
      options: { on: 'probabilities', theta: 1, maxFeatures: EPSILON },
      classifier,
      x: images,
      y: Int32Array.from(some, ({ row }) => y[row] as number),
      target: Int32Array.from(some, ({ target }) => target),
      examples: Int32Array.from(some, ({ row }) => row),
      norm: 'L0',
      epsilon: EPSILON,
      seed,
      stream: 'jsma-probabilities',
    });
    reached.set(success, start);
    changed.set(Uint16Array.from(distance), start);
    await pause((start + some.length) / pairs.length);
  }
  const shape = [pairs.length];
  return { reached: { shape, data: reached }, changed: { shape, data: changed } };
}

function stepAt(temperature: number | null): Step {
  const id = pointId(temperature);
  return {
    id,
    async run(context) {
      const { x, y, count } = context.test();
      const { predicted } = await judge(context.net(id), x, async () => {});
      const mistaken = new Set(wrong(predicted, y));
      const right = Array.from({ length: count }, (_, row) => row).filter((row) => !mistaken.has(row));
      return {
        mistaken: { shape: [mistaken.size], data: Uint16Array.from(mistaken) },
        images: { shape: [1], data: Uint16Array.of(count) },
        ...(await attackPairs(context, id, right.slice(0, IMAGES))),
      };
    },
  };
}

const rateAt = (outcomes: Outcomes, temperature: number | null): Estimate => {
  const reached = values(outcomes, `${pointId(temperature)}.reached`);
  return share(Array.from(reached).filter((flag) => flag === 1).length, reached.length);
};

/** Pairs that were not reached: those for which the attack ran out of gradient, and those for which it changed all that it may. */
function missed(outcomes: Outcomes, temperature: number | null) {
  const id = pointId(temperature);
  const reached = values(outcomes, `${id}.reached`);
  const changed = Array.from(values(outcomes, `${id}.changed`)).filter((_, pair) => reached[pair] === 0);
  const blind = changed.filter((count) => count < EPSILON).length;
  return { pairs: reached.length, blind, exhausted: changed.length - blind };
}

const mistakes = (outcomes: Outcomes, temperature: number | null) =>
  new Set(Array.from(values(outcomes, `${pointId(temperature)}.mistaken`)));

const imagesOf = (outcomes: Outcomes) => values(outcomes, `${pointId(null)}.images`)[0] as number;

/** What distilling adds to the accuracy, image by image. */
function variation(outcomes: Outcomes, temperature: number): Estimate {
  const [before, after] = [mistakes(outcomes, null), mistakes(outcomes, temperature)];
  const change = Array.from(
    { length: imagesOf(outcomes) },
    (_, row) => Number(before.has(row)) - Number(after.has(row)),
  );
  return mean(change, 'share');
}

/** The number of input values of an image, by the shape of the net. */
const sizeOf = ({ architecture: { inputShape } }: Nets) => inputShape.reduce((product, side) => product * side, 1);

/**
 * The temperature curve: how often JSMA on the probabilities reaches its target, by the temperature of distillation.
 */
export function temperatures(dataset: PaperDataset): Experiment {
  const curve = rates[dataset];
  const all = curve.map(([temperature]) => temperature);
  const distilled = all.filter((temperature) => temperature !== null);
  const size = sizeOf(nets[dataset]);
  const rate = curve.map(([temperature, percent]): ExperimentFigure => {
    return {
      id: pointId(temperature),
      title: temperature === null ? 'Pairs reached, not distilled' : `Pairs reached, T = ${temperature}`,
      theirs: { ...printedRate(percent, isEnd(temperature)), unit: 'share' },
      printed: String(percent),
      stands: standsAt(temperature),
      ours: (outcomes) => rateAt(outcomes, temperature),
      gap(outcomes) {
        const { blind, exhausted } = missed(outcomes, temperature);
        return `Of the ${blind + exhausted} pairs that are not reached the attack ran out of gradient for ${blind}, and changed all ${EPSILON} values in vain for ${exhausted}.`;
      },
    };
  });
  const accuracy: ExperimentFigure = {
    id: 'variation',
    title: 'Accuracy that distilling adds, at the temperature where it changes most (below 0: takes away)',
    theirs: null,
    stands: { low: -0.0137, high: 0.0137, words: 'it changes accuracy by less than 1.37 points' },
    ours: (outcomes) =>
      distilled
        .map((temperature) => variation(outcomes, temperature))
        .reduce((most, one) => (Math.abs(one.value) > Math.abs(most.value) ? one : most)),
  };
  const overTemperature = (of: (outcomes: Outcomes, temperature: number) => number) => (outcomes: Outcomes) =>
    distilled.map((temperature) => ({ x: temperature, y: of(outcomes, temperature) }));
  const x = { title: 'Temperature of distillation', log: true };
  const charts: ChartWanted[] = [
    {
      id: 'rates',
      title: 'Success of JSMA over temperature',
      caption: 'Share of the pairs that the attack reaches on the probabilities. Lower is better for the defense.',
      x,
      y: { title: 'Pairs reached, %', share: true },
      series: (outcomes) => [
        {
          name: 'The paper',
          points: curve.flatMap(([t, percent]) => (t === null ? [] : [{ x: t, y: percent / 100 }])),
        },
        { name: 'Parapet', points: overTemperature((own, t) => rateAt(own, t).value)(outcomes) },
      ],
    },
    {
      id: 'missed',
      title: 'Why pairs are not reached',
      caption: `Share of the pairs for which the attack ran out of gradient, and for which it changed all ${EPSILON} values in vain. The first is blindness of the attack, and no robustness of the net.`,
      x,
      y: { title: 'Pairs, %', share: true },
      series: (outcomes) =>
        (['blind', 'exhausted'] as const).map((reason) => ({
          name: reason === 'blind' ? 'out of gradient' : 'all changes made',
          points: overTemperature((own, t) => missed(own, t)[reason] / missed(own, t).pairs)(outcomes),
        })),
    },
    {
      id: 'robustness',
      title: 'Robustness ρ over temperature',
      caption: `Input values that must change for the nearest class, as a share of all ${size.toLocaleString('en')}; ${EPSILON} where no class is reached.`,
      x,
      y: { title: 'Robustness ρ, %' },
      series: (outcomes) => [
        {
          name: 'Parapet',
          points: overTemperature((own, t) => 100 * robustness(own, pointId(t), size).value)(outcomes),
        },
      ],
    },
    {
      id: 'accuracy',
      title: 'Accuracy over temperature',
      caption: 'Share of the test images that are right without an attack.',
      x,
      y: { title: 'Right, %', share: true },
      series: (outcomes) => [
        {
          name: 'Parapet',
          points: overTemperature((own, t) => 1 - mistakes(own, t).size / imagesOf(own))(outcomes),
        },
      ],
    },
  ];
  return {
    id: `temperatures-${dataset}`,
    title: `${names[dataset]}: the temperature curve`,
    source: '§V and figure 7, whose values are read off to 0.3 points',
    protocol: `JSMA on probabilities, the first ${IMAGES} test images classified right towards nine classes, at most ${EPSILON} input values set to 1. ${nets[dataset].protocol} The paper trains each for 50.`,
    seed: 0,
    ...(dataset === 'cifar10' && { dataset }),
    nets: all.map((temperature) => netAt(dataset, temperature)),
    steps: all.map(stepAt),
    figures: [...rate, accuracy],
    charts,
  };
}
