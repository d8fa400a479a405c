import { proportion } from '../metrics/proportion.ts';
import type { Proportion, Result } from '../result.ts';
import type { Claim, Figure, ModelWanted } from './claim.ts';
import { gradientsExperiment } from './papernot2016/gradients.ts';
import { robustnessExperiment } from './papernot2016/robustness.ts';

/** 100 images towards nine classes each. */
const PAIRS = 900;
/** The test sets that accuracy is of. */
const TEST_IMAGES = 10_000;
/** Values read off the printed figure hold to 0.3 points. */
const READING_ERROR = 0.003;

const paper = 'https://arxiv.org/abs/1511.04508';
const figure7 = `figure 7 of ${paper}, read off the figure to 0.3 points`;
const printedInText = `§V of ${paper}`;

/** Success of JSMA in percent of 900 pairs, by temperature; null: not distilled. */
const rates = {
  mnist: [
    [null, 95.89],
    [1, 91],
    [2, 82.23],
    [5, 24.67],
    [10, 6.78],
    [20, 1.34],
    [30, 1.44],
    [40, 0.45],
    [50, 1.45],
    [100, 0.45],
  ],
  cifar10: [
    [null, 87.89],
    [1, 92.78],
    [2, 87.67],
    [5, 67],
    [10, 47.56],
    [20, 18.23],
    [30, 13.23],
    [40, 9.34],
    [50, 6.23],
    [100, 5.11],
  ],
} as const;

type PaperDataset = keyof typeof rates;

const names = { mnist: 'MNIST', cifar10: 'CIFAR-10' } as const;

function modelAt(temperature: number | null): ModelWanted {
  return temperature === null
    ? { method: 'standard', options: {} }
    : { method: 'distillation', options: { temperature } };
}

/** Printed rates are whole numbers of pairs; those read off the figure get its reading error on top of their interval. */
function printed(percent: number, exact: boolean): Proportion {
  const interval = proportion(Math.round((percent / 100) * PAIRS), PAIRS);
  if (exact) return interval;
  return {
    ...interval,
    low: Math.max(0, interval.low - READING_ERROR),
    high: Math.min(1, interval.high + READING_ERROR),
  };
}

/** Where the paper's conclusion stands: attacks mostly succeed below temperature 5, and mostly fail from 10 on. */
function standsAt(temperature: number | null): NonNullable<Figure['stands']> {
  if (temperature === null || temperature <= 2) return { low: 0.5 };
  return { high: temperature < 10 ? 0.75 : 0.2 };
}

const pairsOf = (line: string) => (result: Result) =>
  result.attacks.find(({ id }) => id === line)?.pairs?.successRate ?? null;

function jsmaFigures(dataset: PaperDataset): Figure[] {
  return rates[dataset].map(([temperature, percent]) => {
    const isEnd = temperature === null || temperature === 100;
    const model = temperature === null ? 'undistilled' : `T = ${temperature}`;
    return {
      id: `${dataset}-jsma-${temperature === null ? 'undistilled' : `t${temperature}`}`,
      title: `${names[dataset]}, ${model}: JSMA on probabilities reaches its target`,
      theirs: printed(percent, isEnd),
      printed: String(percent),
      source: isEnd ? printedInText : figure7,
      stands: standsAt(temperature),
      model: modelAt(temperature),
      suite: 'papernot2016',
      track: `${dataset}-l0-112`,
      measure: pairsOf('jsma-probabilities'),
    };
  });
}

/** What the paper should have measured: attacks that saturated probabilities do not stop, on the net that it calls robust. */
function strongerFigures(dataset: PaperDataset): Figure[] {
  const lines = [
    ['jsma-logits', 'JSMA on logits reaches its target'],
    ['cw-l2', 'C&W L2 reaches its target, at any distance'],
  ] as const;
  return lines.map(([line, title]) => ({
    id: `${dataset}-${line}-t100`,
    title: `${names[dataset]}, T = 100: ${title}`,
    theirs: null,
    source: 'Carlini & Wagner, https://arxiv.org/abs/1608.04644, §IV: targeted success of 100 % on distilled nets',
    model: modelAt(100),
    suite: 'papernot2016',
    track: `${dataset}-l0-112`,
    measure: pairsOf(line),
    against: `${dataset}-jsma-t100`,
  }));
}

/** The two ends of the curve over the whole test set, beside what the paper found on 100 images. */
const allPairs = ([null, 100] as const).map(
  (temperature): Figure => ({
    id: `mnist-all-pairs-${temperature === null ? 'undistilled' : `t${temperature}`}`,
    title: `MNIST, ${temperature === null ? 'undistilled' : `T = ${temperature}`}: the same over all 90,000 pairs of the test set`,
    theirs: printed(temperature === null ? 95.89 : 0.45, true),
    printed: temperature === null ? '95.89' : '0.45',
    source: `${printedInText}, of 900 pairs`,
    stands: standsAt(temperature),
    model: modelAt(temperature),
    suite: 'papernot2016-full',
    track: 'mnist-l0-112',
    measure: pairsOf('jsma-probabilities'),
  }),
);

const accuracy: Figure = {
  id: 'mnist-accuracy-undistilled',
  title: 'MNIST, undistilled: accuracy on the test set',
  theirs: proportion(9951, TEST_IMAGES),
  printed: '99.51',
  source: `§V of ${paper}: 99.51 %`,
  stands: { low: 0.98 },
  model: modelAt(null),
  suite: 'papernot2016',
  track: 'mnist-l0-112',
  measure: (result) => result.cleanAccuracy,
};

/**
 * Defensive distillation: claimed to cut the success of adversarial examples from 95.89 % to 0.45 % on MNIST.
 *
 * Source: Papernot et al., "Distillation as a Defense to Adversarial Perturbations against Deep Neural Networks", S&P 2016.
 */
export const papernot2016: Claim = {
  id: 'papernot2016',
  title: 'Distillation as a defense to adversarial perturbations',
  paper,
  protocol:
    'Suite papernot2016: the first 100 test images classified right, towards each of the nine other classes; at most 112 input values set to 1; the rate is of all 900 pairs. The paper does not say which 100 images it took, nor the padding of its nets.',
  figures: [
    accuracy,
    ...(['mnist', 'cifar10'] as const).flatMap((d) => [...jsmaFigures(d), ...strongerFigures(d)]),
    ...allPairs,
  ],
  experiments: [gradientsExperiment, robustnessExperiment],
};
