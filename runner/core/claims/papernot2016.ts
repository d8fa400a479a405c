import { proportion } from '../metrics/proportion.ts';
import type { Proportion, Result } from '../result.ts';
import type { Claim, Figure } from './claim.ts';
import { groupedShare } from './estimate.ts';
import type { Outcomes } from './experiment.ts';
import { values } from './outcomes-file.ts';
import { gradientsExperiment } from './papernot2016/gradients.ts';
import { groupsOf } from './papernot2016/pairs.ts';
import { ends, isEnd, names, type PaperDataset, printedRate, rates, standsAt } from './papernot2016/rates.ts';
import { robustnessExperiment } from './papernot2016/robustness.ts';
import { seedsExperiment } from './papernot2016/seeds.ts';
import { temperatures } from './papernot2016/temperatures.ts';

/** The test sets that accuracy is of. */
const TEST_IMAGES = 10_000;

const paper = 'https://arxiv.org/abs/1511.04508';
const printedInText = `§V of ${paper}`;

const submissionAt = (dataset: PaperDataset, temperature: number | null) =>
  ends[dataset][temperature === null ? 'undistilled' : 'distilled'];

/** Share of the pairs that a line reached, of those that the net did not have there without an attack. */
const pairsOf =
  (line: string) =>
  (result: Result, evidence: Outcomes): Proportion | null => {
    if (!result.attacks.some(({ id, pairs }) => id === line && pairs !== null)) return null;
    const code = values(evidence, `line.${line}.code`);
    const distance = values(evidence, `line.${line}.distance`);
    const { unit: _, ...rate } = groupedShare(
      groupsOf(code.length).map((pairs) =>
        pairs.filter((pair) => code[pair] === 0 || distance[pair] !== 0).map((pair) => code[pair] !== 0),
      ),
    );
    return rate;
  };

/** The ends of the curve, of nets that are trained for as long as the paper's. */
function jsmaFigures(dataset: PaperDataset): Figure[] {
  return rates[dataset]
    .filter(([temperature]) => isEnd(temperature))
    .map(([temperature, percent]) => ({
      id: `${dataset}-jsma-${temperature === null ? 'undistilled' : `t${temperature}`}`,
      title: `${names[dataset]}, ${temperature === null ? 'undistilled' : `T = ${temperature}`}: JSMA on probabilities reaches its target`,
      theirs: printedRate(percent, true),
      printed: String(percent),
      source: printedInText,
      stands: standsAt(temperature),
      submission: submissionAt(dataset, temperature),
      suite: 'papernot2016',
      track: `${dataset}-l0-112`,
      measure: pairsOf('jsma-probabilities'),
    }));
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
    submission: submissionAt(dataset, 100),
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
    title: `MNIST, ${temperature === null ? 'undistilled' : `T = ${temperature}`}: the same towards every class, from all 10,000 test images`,
    theirs: printedRate(temperature === null ? 95.89 : 0.45, true),
    printed: temperature === null ? '95.89' : '0.45',
    source: `${printedInText}, of 900 pairs`,
    stands: standsAt(temperature),
    submission: submissionAt('mnist', temperature),
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
  submission: submissionAt('mnist', null),
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
    'Suite papernot2016: the first 100 test images classified right, towards each of the nine other classes; at most 112 input values set to 1; the rate is of all 900 pairs, and its interval knows that nine of them are of one image. From all test images a pair is left out where the net says the class that is asked for without an attack. The paper does not say which 100 images it took, nor the padding of its nets.',
  figures: [
    accuracy,
    ...(['mnist', 'cifar10'] as const).flatMap((d) => [...jsmaFigures(d), ...strongerFigures(d)]),
    ...allPairs,
  ],
  experiments: [
    temperatures('mnist'),
    temperatures('cifar10'),
    seedsExperiment,
    gradientsExperiment,
    robustnessExperiment('mnist'),
    robustnessExperiment('cifar10'),
  ],
};
