import * as tf from '@tensorflow/tfjs';
import { gradientModel } from '../../gradients.ts';
import { attackLoss } from '../../losses.ts';
import { signOf } from '../../tensors.ts';
import { mean, median } from '../estimate.ts';
import type { Experiment, Outcomes, StepContext } from '../experiment.ts';
import { values } from '../outcomes-file.ts';
import { labels } from './attacked.ts';
import { maxout } from './nets.ts';

const IMAGES = 100;
/** Multiples of the gradient's sign that are added: from −5 to 5, an eighth apart. */
const STEPS = 81;
const SPACING = 1 / 8;
const at = (step: number) => -5 + step * SPACING;
/** Image of the test set whose scores are drawn. */
const DRAWN = 0;

/** Scores along x + ε · sign ∇L(x), [images, steps, classes]. */
async function scoresAlong({ test, net, pause }: StepContext): Promise<Outcomes> {
  const examples = test(undefined, IMAGES);
  const classifier = net(maxout.id);
  const model = gradientModel(classifier);
  const x = tf.tensor4d(examples.x.slice(), [IMAGES, ...classifier.inputShape]);
  const sign = tf.tidy(() => signOf(model.gradient(x, attackLoss('ce', examples.y, null)).gradient));
  const scores = new Float32Array(IMAGES * STEPS * classifier.classes);
  try {
    for (let step = 0; step < STEPS; step++) {
      const logits = tf.tidy(() => model.logits(tf.add(x, tf.mul(sign, at(step)))));
      const row = await logits.data<'float32'>();
      logits.dispose();
      for (let image = 0; image < IMAGES; image++) {
        const own = row.subarray(image * classifier.classes, (image + 1) * classifier.classes);
        scores.set(own, (image * STEPS + step) * classifier.classes);
      }
      await pause((step + 1) / STEPS);
    }
  } finally {
    tf.dispose([x, sign]);
    model.dispose();
  }
  return { ...labels(examples), scores: { shape: [IMAGES, STEPS, classifier.classes], data: scores } };
}

const CLASSES = 10;
const scoreOf = (scores: ArrayLike<number>, image: number, step: number, c: number) =>
  scores[(image * STEPS + step) * CLASSES + c] as number;

/** Steps beyond ε = 0.5 on the side where the loss rises. */
const beyond = Array.from({ length: STEPS }, (_, step) => step).filter((step) => at(step) >= 0.5);

/** Share of the variance of values that a straight line over their positions leaves none of: R². */
function straightness(y: readonly number[]): number {
  const n = y.length;
  const [mx, my] = [(n - 1) / 2, y.reduce((sum, value) => sum + value, 0) / n];
  let [sxy, sxx, syy] = [0, 0, 0];
  for (const [i, value] of y.entries()) {
    sxy += (i - mx) * (value - my);
    sxx += (i - mx) ** 2;
    syy += (value - my) ** 2;
  }
  return syy === 0 ? 1 : sxy ** 2 / (sxx * syy);
}

export const lineExperiment: Experiment = {
  id: 'line',
  title: 'Scores along the sign of the gradient are straight lines',
  source: '§8, figure 4',
  protocol:
    'The first 100 test images, maxout net; scores at x + ε · sign of the gradient for 81 values of ε from −5 to 5, not clipped. Straightness: R² of a line through each score at ε ≥ 0.5, the mean over ten classes. The paper shows a figure and prints no number.',
  seed: 0,
  nets: [maxout],
  steps: [{ id: maxout.id, run: scoresAlong }],
  figures: [
    {
      id: 'straight',
      title: 'Straightness of the scores beyond ε = 0.5 (R², mean over images)',
      theirs: null,
      stands: { low: 0.9, words: 'scores are piecewise linear in ε (R² of at least 0.9)' },
      ours(outcomes) {
        const scores = values(outcomes, `${maxout.id}.scores`);
        const ofImage = (image: number) => {
          const all = Array.from({ length: CLASSES }, (_, c) =>
            straightness(beyond.map((step) => scoreOf(scores, image, step, c))),
          );
          return all.reduce((sum, one) => sum + one, 0) / CLASSES;
        };
        return mean(
          Array.from({ length: IMAGES }, (_, image) => ofImage(image)),
          'number',
        );
      },
    },
    {
      id: 'stable',
      title: 'Widest stretch of ε over which one wrong class wins (median over images)',
      theirs: null,
      stands: { low: 1, words: 'wrong classes hold over a wide range of ε (at least 1, the whole pixel range)' },
      ours(outcomes) {
        const scores = values(outcomes, `${maxout.id}.scores`);
        const y = values(outcomes, `${maxout.id}.y`);
        const winner = (image: number, step: number) => {
          const own = Array.from({ length: CLASSES }, (_, c) => scoreOf(scores, image, step, c));
          return own.indexOf(Math.max(...own));
        };
        const widest = (image: number) => {
          let [best, run, before] = [0, 0, -1];
          for (let step = 0; step < STEPS; step++) {
            const won = winner(image, step);
            run = won === before ? run + SPACING : 0;
            before = won;
            if (won !== y[image]) best = Math.max(best, run);
          }
          return best;
        };
        return median(
          Array.from({ length: IMAGES }, (_, image) => widest(image)),
          'number',
        );
      },
    },
  ],
  charts: [
    {
      id: 'scores',
      title: 'Scores of one image along the sign of its gradient',
      caption: `Scores of the ten classes for test image ${DRAWN} (a 7) as ε goes from −5 to 5. At 0 stands the image as it is.`,
      x: { title: 'ε' },
      y: { title: 'Score' },
      series(outcomes) {
        const scores = values(outcomes, `${maxout.id}.scores`);
        return Array.from({ length: CLASSES }, (_, c) => ({
          name: String(c),
          points: Array.from({ length: STEPS }, (_, step) => ({ x: at(step), y: scoreOf(scores, DRAWN, step, c) })),
        }));
      },
    },
  ],
};
