import type { Architecture } from '../../models/architecture.ts';
import { papernotCifar10, papernotMnist } from '../../models/papernot.ts';
import type { Recipe } from '../../submission.ts';
import { distillation } from '../../training/distillation.ts';
import { change, type Estimate } from '../estimate.ts';
import type { ChartWanted, Experiment, ExperimentFigure, NetWanted, Outcomes } from '../experiment.ts';
import { values } from '../outcomes-file.ts';
import { amplitudes, BOUNDS } from './amplitude.ts';
import { attackPairs, MOST, reachedShare } from './pairs.ts';
import { ends, isEnd, names, type PaperDataset, printedRate, rates, standsAt } from './rates.ts';
import { robustness } from './robustness.ts';

const EPOCHS = 15;
/** Test images whose gradients are measured; the paper takes all. */
const AMPLITUDES = 2000;

interface Nets {
  readonly architecture: Architecture;
  readonly options: Recipe['options'];
  /** Step length at temperature 1, and the most: gradients shrink as the temperature grows, and at low ones the paper's 0.1 does not settle. */
  readonly stepLength: { readonly base: number; readonly most: number };
  readonly protocol: string;
}

const nets: Readonly<Record<PaperDataset, Nets>> = {
  mnist: {
    architecture: papernotMnist,
    options: { epochs: EPOCHS },
    stepLength: { base: 0.01, most: 0.1 },
    protocol: `The ends of the curve are the nets of the board, trained for 50 epochs; those between are trained here for ${EPOCHS}, with steps of a hundredth of the temperature, at most the paper’s 0.1: at low temperatures that does not settle. So more than the temperature changes along the curve: the board’s undistilled net took steps of 0.01 and its distilled one of 0.1.`,
  },
  cifar10: {
    architecture: papernotCifar10,
    options: { epochs: 12, decay: 0.5, decayDelay: 6, mirror: true },
    stepLength: { base: 0.03, most: 0.2 },
    protocol:
      'All nets are trained for 12 epochs, on images and their mirror images, which the paper does not have, with steps of 0.03 times the temperature, at most 0.2; the ends of the curve are those of the board.',
  },
};

/** Names a point of the curve. */
export const pointId = (temperature: number | null): string =>
  temperature === null ? 'undistilled' : `t${temperature}`;

/** A net of the curve. */
export function netAt(dataset: PaperDataset, temperature: number | null): NetWanted {
  const { architecture, options, stepLength } = nets[dataset];
  const id = pointId(temperature);
  if (temperature === null) return { id, submission: ends[dataset].undistilled };
  if (temperature === 100) return { id, submission: ends[dataset].distilled };
  const learningRate = Math.min(stepLength.most, stepLength.base * temperature);
  const own = { ...options, temperature, learningRate };
  return { id, architecture, method: distillation, seed: 0, options: own };
}

/** Pairs that were not reached: those for which the attack ran out of gradient, and those for which it changed all that it may. */
function missed(outcomes: Outcomes, temperature: number | null) {
  const id = pointId(temperature);
  const reached = values(outcomes, `${id}.reached`);
  const changed = Array.from(values(outcomes, `${id}.changed`)).filter((_, pair) => reached[pair] === 0);
  const blind = changed.filter((count) => count < MOST).length;
  return { pairs: reached.length, blind, exhausted: changed.length - blind };
}

const mistakes = (outcomes: Outcomes, temperature: number | null) =>
  new Set(Array.from(values(outcomes, `${pointId(temperature)}.mistaken`)));

const imagesOf = (outcomes: Outcomes) => values(outcomes, `${pointId(null)}.images`)[0] as number;

/** What distilling adds to the accuracy, image by image. */
function variation(outcomes: Outcomes, temperature: number): Estimate {
  const [before, after] = [mistakes(outcomes, null), mistakes(outcomes, temperature)];
  return change(
    imagesOf(outcomes),
    (row) => !before.has(row),
    (row) => !after.has(row),
  );
}

const amplitudesOf = (outcomes: Outcomes, temperature: number | null) =>
  Array.from(values(outcomes, `${pointId(temperature)}.amplitude`));

const belowBound = (logarithms: readonly number[], bound: number) =>
  logarithms.filter((logarithm) => logarithm < bound).length / logarithms.length;

/** How many more images lie in a bucket at T = 100 than without distillation, image by image. */
function moved(outcomes: Outcomes, isIn: (logarithm: number) => boolean): Estimate {
  const [before, after] = [amplitudesOf(outcomes, null), amplitudesOf(outcomes, 100)];
  return change(
    before.length,
    (row) => isIn(before[row] as number),
    (row) => isIn(after[row] as number),
  );
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
      ours: (outcomes) => reachedShare(outcomes, pointId(temperature)),
      gap(outcomes) {
        const { blind, exhausted } = missed(outcomes, temperature);
        return `Of the ${blind + exhausted} pairs that are not reached the attack ran out of gradient for ${blind}, and changed all ${MOST} values in vain for ${exhausted}.`;
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
  const buckets: ExperimentFigure[] = [
    {
      id: 'smallest-amplitudes',
      title: `Images with an amplitude below 10⁻⁴⁰ at T = 100, more than without distillation`,
      theirs: null,
      stands: {
        low: Number.MIN_VALUE,
        words: 'distillation fills the bucket of the smallest amplitudes (more than none)',
      },
      ours: (outcomes) => moved(outcomes, (logarithm) => logarithm < (BOUNDS[0] as number)),
    },
    {
      id: 'largest-amplitudes',
      title: 'Images with an amplitude above 10⁻³ at T = 100, more than without distillation (below 0: fewer)',
      theirs: null,
      stands: { high: -Number.MIN_VALUE, words: 'it empties the bucket of the largest (fewer)' },
      ours: (outcomes) => moved(outcomes, (logarithm) => logarithm > (BOUNDS.at(-1) as number)),
    },
  ];
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
        { name: 'Parapet', points: overTemperature((own, t) => reachedShare(own, pointId(t)).value)(outcomes) },
      ],
    },
    {
      id: 'missed',
      title: 'Why pairs are not reached',
      caption: `Share of the pairs for which the attack ran out of gradient, and for which it changed all ${MOST} values in vain. The first is blindness of the attack, and no robustness of the net.`,
      x,
      y: { title: 'Pairs, %', share: true },
      series: (outcomes) =>
        (['blind', 'exhausted'] as const).map((reason) => ({
          name: reason === 'blind' ? 'out of gradient' : 'all changes made',
          points: overTemperature((own, t) => missed(own, t)[reason] / missed(own, t).pairs)(outcomes),
        })),
    },
    {
      id: 'amplitudes',
      title: 'Amplitudes of gradients by temperature',
      caption: `Share of the first ${AMPLITUDES.toLocaleString('en')} test images whose amplitude is below a power of ten, at four bounds of the paper’s ten buckets. Amplitude: mean absolute derivative of the ten probabilities by the input values, of its true size also where float32 rounds it to 0.`,
      x,
      y: { title: 'Images below, %', share: true },
      series: (outcomes) =>
        (
          [
            [-3, 'below 10⁻³'],
            [-10, 'below 10⁻¹⁰'],
            [-20, 'below 10⁻²⁰'],
            [-40, 'below 10⁻⁴⁰'],
          ] as const
        ).map(([bound, name]) => ({
          name,
          points: overTemperature((own, t) => belowBound(amplitudesOf(own, t), bound))(outcomes),
        })),
    },
    {
      id: 'robustness',
      title: 'Robustness ρ over temperature',
      caption: `Input values that must change for the nearest class, as a share of all ${size.toLocaleString('en')}; ${MOST} where no class is reached.`,
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
    protocol: `JSMA on probabilities, the first 100 test images classified right towards nine classes, at most ${MOST} input values set to 1. ${nets[dataset].protocol} The paper trains each for 50.`,
    seed: 0,
    ...(dataset === 'cifar10' && { dataset }),
    nets: all.map((temperature) => netAt(dataset, temperature)),
    steps: all.map(pointId).map((id) => ({
      id,
      run: async (context) => ({
        ...(await attackPairs(context, id)),
        ...(await amplitudes(context, id, AMPLITUDES)),
      }),
    })),
    figures: [...rate, accuracy, ...buckets],
    charts,
  };
}
