import { areaUnderRoc, rocCurve, thresholdFor } from '../../metrics/roc.ts';
import { undistilled as undefended } from '../distilled-pair.ts';
import { share } from '../estimate.ts';
import type { Experiment, ExperimentFigure, Outcomes } from '../experiment.ts';
import { values } from '../outcomes-file.ts';
import { type Against, attacks, L2, LINF } from './attacks.ts';
import { detect, detectedIn, stored } from './score.ts';

/** Training images that the threshold is chosen on. */
const CHOSEN_ON = 10_000;
/** Share of them that it rejects. */
const RATE = 0.05;
/** Images attacked, the first of the test set. */
const ATTACKED = 500;

/** False alarms at which curves are drawn. */
const RATES = [
  ...Array.from({ length: 20 }, (_, i) => i / 200),
  ...Array.from({ length: 18 }, (_, i) => 0.1 + i / 20),
  1,
];

/** What the detector made of one image. */
interface Verdict {
  readonly right: boolean;
  readonly rejected: boolean;
  readonly score: number;
}

function verdictsOf(outcomes: Outcomes, step: string): Verdict[] {
  const threshold = thresholdFor(values(outcomes, 'train.score'), RATE);
  const { predicted, score } = detectedIn(outcomes, step);
  const y = values(outcomes, 'clean.y');
  return Array.from(score, (value, row) => ({
    right: predicted[row] === y[row],
    rejected: value > threshold,
    score: value,
  }));
}

/** Of the attacked images that the net had right those that it has wrong now: what there is to detect. */
function adversarial(outcomes: Outcomes, { id }: Against): Verdict[] {
  const clean = verdictsOf(outcomes, 'clean');
  return verdictsOf(outcomes, id).filter(({ right }, row) => !right && (clean[row] as Verdict).right);
}

const cleanScores = (outcomes: Outcomes) => detectedIn(outcomes, 'clean').score;
const scoresOf = (outcomes: Outcomes, attack: Against) => adversarial(outcomes, attack).map(({ score }) => score);

/**
 * Images that are accepted and right as they are, and for which no attack in a ball found one that is neither rejected nor right.
 */
function standing(outcomes: Outcomes, norm: string) {
  const clean = verdictsOf(outcomes, 'clean').slice(0, ATTACKED);
  const attacked = attacks.filter(({ ball }) => ball.norm === norm).map(({ id }) => verdictsOf(outcomes, id));
  const stands = clean.filter(
    ({ right, rejected }, row) =>
      right && !rejected && attacked.every((all) => all[row]?.right === true || all[row]?.rejected === true),
  );
  return share(stands.length, clean.length);
}

const KNOWN = 'detection rates are high, and hold where the attack knows of the detector (at least 90 %)';

function detectionFigures(attack: Against): ExperimentFigure[] {
  const named = `${attack.name} (${attack.ball.norm === 'L2' ? 'L2' : 'L∞'} ${attack.ball.epsilon})`;
  const words = attack.adaptive ? KNOWN : 'detection rates against state-of-the-art attacks are high (at least 90 %)';
  return [
    {
      id: `detected-${attack.id}`,
      title: `Adversarial images of ${named} that are rejected`,
      theirs: null,
      stands: { low: 0.9, words },
      ours(outcomes) {
        const all = adversarial(outcomes, attack);
        return share(all.filter(({ rejected }) => rejected).length, all.length);
      },
    },
    {
      id: `auc-${attack.id}`,
      title: `Area under the ROC curve, ${named}`,
      theirs: null,
      stands: {
        low: 0.9,
        words: 'the score tells adversarial from clean images (an area of at least 0.9; 0.5 is chance)',
      },
      ours: (outcomes) => ({ ...areaUnderRoc(cleanScores(outcomes), scoresOf(outcomes, attack)), unit: 'number' }),
    },
  ];
}

function robustFigure(norm: 'Linf' | 'L2', ball: string): ExperimentFigure {
  return {
    id: `robust-${norm.toLowerCase()}`,
    title: `Robust accuracy with abstention, ${ball}`,
    theirs: null,
    stands: { low: 0.5, words: 'most images are out of reach of every attack here (at least half)' },
    ours: (outcomes) => standing(outcomes, norm),
  };
}

export const detectorExperiment: Experiment = {
  id: 'detector',
  title: 'The detector of feature squeezing, and an attack that knows it',
  source: 'the sections on detection and on adaptive adversaries; the abstract for its conclusions',
  protocol: `The net Undefended; score: the largest L1 distance between its probabilities on an image and on the image at 1 bit or smoothed by a median of 2 × 2, the paper’s squeezers for MNIST. An image is rejected above the threshold that rejects 5 % of the first ${CHOSEN_ON.toLocaleString('en')} training images. Clean images are the 10,000 of the test set; its first ${ATTACKED} are attacked: by PGD (L∞ ${LINF.epsilon}, 40 steps) and C&W (L2, at most ${L2.epsilon}), which know of no detector, and in the same balls by an adaptive PGD (100 steps for each of the three likeliest wrong classes) that also lowers the score, with the identity as derivative of the reduction to 1 bit. What counts as detected are images that were right and became wrong. Robust accuracy with abstention is the share of images that are accepted and right as they are, and for which no attack finds one that is neither rejected nor right. The paper attacks with other nets and other attacks, most with a target; its numbers are not repeated here.`,
  seed: 0,
  nets: [undefended],
  steps: [
    {
      id: 'train',
      async run({ train, net, pause }) {
        const { x, count } = train();
        const images = x.subarray(0, (x.length / count) * CHOSEN_ON);
        const { score } = await detect(net(undefended.id), images, pause);
        return { score: { shape: [score.length], data: score } };
      },
    },
    {
      id: 'clean',
      async run({ test, net, pause }) {
        const { x, y, count } = test();
        const detected = stored(await detect(net(undefended.id), x, pause));
        return { ...detected, y: { shape: [count], data: Uint8Array.from(y) } };
      },
    },
    ...attacks.map(({ id, make }) => ({
      id,
      async run({ test, net, pause }: Parameters<Experiment['steps'][number]['run']>[0]) {
        const images = await make(net(undefended.id), test(undefined, ATTACKED), pause);
        return stored(await detect(net(undefended.id), images, pause));
      },
    })),
  ],
  figures: [
    {
      id: 'false-alarms',
      title: 'Clean test images that are rejected',
      theirs: null,
      stands: { high: 0.1, words: 'false positives are few (at most 10 %)' },
      ours(outcomes) {
        const all = verdictsOf(outcomes, 'clean');
        return share(all.filter(({ rejected }) => rejected).length, all.length);
      },
    },
    {
      id: 'accuracy',
      title: 'Clean test images that are accepted and right',
      theirs: null,
      stands: { low: 0.9, words: 'the detector costs little accuracy (at least 90 %)' },
      ours(outcomes) {
        const all = verdictsOf(outcomes, 'clean');
        return share(all.filter(({ right, rejected }) => right && !rejected).length, all.length);
      },
    },
    ...attacks.flatMap(detectionFigures),
    robustFigure('Linf', `L∞ ${LINF.epsilon}`),
    robustFigure('L2', `L2 ${L2.epsilon}`),
  ],
  charts: [
    {
      id: 'roc',
      title: 'Detected adversarial images over rejected clean ones',
      caption:
        'ROC curves: for each share of clean test images that may be rejected, the share of adversarial images that are. An attack below the diagonal makes images that look cleaner to the detector than clean ones.',
      x: { title: 'Share of clean images rejected' },
      y: { title: 'Adversarial images rejected', share: true },
      series: (outcomes) =>
        attacks.map((attack) => ({
          name: attack.name,
          points: rocCurve(cleanScores(outcomes), scoresOf(outcomes, attack), RATES),
        })),
    },
  ],
};
