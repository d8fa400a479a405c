/**
 * Randomized smoothing: `CERTIFY` of Cohen et al. The smoothed classifier gives an image the class that the net inside gives most often when
 * normal noise of deviation σ is added to it. A first few draws choose the class; of many further ones it is counted how often it comes, and
 * p is a lower confidence bound of its probability (Clopper–Pearson, one-sided, 1 − α). Where p > ½ no change shorter than σ · Φ⁻¹(p) in
 * L2 alters the answer. Otherwise it abstains.
 *
 * Draws are functions of (seed, example, block): neither the batch nor the chunk changes one.
 *
 * Source: Cohen et al., "Certified Adversarial Robustness via Randomized Smoothing", ICML 2019, https://arxiv.org/abs/1902.02918, §3.2;
 * defaults: n₀ = 100, α = 0.001 and the first 500 images as there, n = 10,000 where it has 100,000.
 */
import * as tf from '@tensorflow/tfjs';
import { z } from 'zod';
import { defenses } from '../defenses/index.ts';
import { clopperPearsonLower } from '../metrics/clopper-pearson.ts';
import { predictions } from '../metrics/judge.ts';
import { normalQuantile } from '../metrics/normal-quantile.ts';
import type { Classifier } from '../models/classifier.ts';
import { BALL_TOLERANCE } from '../projections.ts';
import { exampleRandom } from '../random.ts';
import type { Submission } from '../submission.ts';
import type { Mistake } from '../submission-mistakes.ts';
import { tracks } from '../tracks.ts';
import type { Certificate } from './certificate.ts';

/** Id of the defense that makes the smoothed classifier of a net, and that has the option `deviation` too. */
const DEFENSE = 'gaussian-noise';

/** Noisy images that are drawn and classified together. */
const BLOCK = 100;

/** Share of the draws that two backends may put in another class, where logits nearly tie. */
const TOLERATED = 0.001;

const optionsSchema = z.strictObject({
  deviation: z
    .number(`wanted the deviation of ${DEFENSE}`)
    .positive()
    .max(10)
    .describe('Standard deviation σ of the noise, in pixel units; that of the defense'),
  samples: z.int().min(100).max(1_000_000).default(10_000).describe('Draws that the probability is estimated from'),
  selectionSamples: z.int().min(1).max(10_000).default(100).describe('Draws that the class is chosen by'),
  alpha: z.number().min(1e-6).max(0.1).default(0.001).describe('Chance that an image is certified wrongly'),
  examples: z.int().min(1).max(10_000).default(500).describe('So many of the first examples are certified'),
});

type Options = z.output<typeof optionsSchema>;

export const smoothing: Certificate<typeof optionsSchema> = {
  id: 'smoothing',
  name: 'Randomized smoothing',
  paper: 'https://arxiv.org/abs/1902.02918',
  description: 'How often a net says the right class under normal noise, and the radius that follows from it.',
  norms: ['L2'],
  holds: 'chance',
  optionsSchema,
  chunk: 5,
  checked: 1,
  numbers: ['count'],
  cost: ({ samples, selectionSamples }) => (samples + selectionSamples) / 3,
  refuses: (submission, options) => placeMistake(submission, options) ?? reachMistake(submission, options),
  async measure({ submission, x, y, examples, seed, spent }, options) {
    const { openSubmission } = await import('../models/open-submission.ts');
    const net = await openSubmission({ ...submission, defenses: submission.defenses.slice(0, -1) });
    try {
      const size = x.length / y.length;
      const counts = new Float64Array(y.length);
      for (const [i, label] of y.entries()) {
        const image = x.subarray(i * size, (i + 1) * size);
        const count = (stream: string, samples: number) =>
          countClasses(net, image, examples[i] as number, { ...options, samples, seed, stream, spent });
        const first = await count('selection', options.selectionSamples);
        // The first of equals is chosen; an image of which another class is chosen is wrong, and needs no radius.
        if (first.indexOf(Math.max(...first)) !== label) continue;
        counts[i] = (await count('estimation', options.samples))[label] as number;
      }
      return counts;
    } finally {
      net.dispose();
    }
  },
  certifies: (numbers, options, { epsilon }) => radiusOf(numbers, options) > epsilon * (1 + BALL_TOLERANCE),
  radius: radiusOf,
  agrees: ([recorded = 0], [again = 0], { samples }) => Math.abs(recorded - again) <= Math.max(2, TOLERATED * samples),
};

/** σ · Φ⁻¹(p) with p the lower confidence bound; 0 where it abstains, or is wrong. A count that cannot be proves nothing. */
function radiusOf([count = 0]: Float64Array, { samples, alpha, deviation }: Options): number {
  if (!Number.isInteger(count) || count < 0 || count > samples) return 0;
  const p = clopperPearsonLower(count, samples, alpha);
  return p > 0.5 ? deviation * normalQuantile(p) : 0;
}

/** The smoothed classifier is the outermost defense around the net that is certified, and answers with what most of its draws say. */
function placeMistake({ defenses: named }: Submission, { deviation }: Options): Mistake | null {
  const last = named.at(-1);
  if (last?.id !== DEFENSE) {
    const message = `smoothing certifies a net within ${DEFENSE}; wanted it as the last of defenses`;
    return { path: ['certificate', 'method'], message };
  }
  const defense = defenses.find(({ id }) => id === DEFENSE);
  const options: Readonly<Record<string, unknown>> =
    defense?.optionsSchema.safeParse(last.options).data ?? last.options;
  const drawing = named.slice(0, -1).find(({ id }) => defenses.some((one) => one.id === id && one.randomised));
  if (drawing !== undefined) {
    const message = `smoothing certifies a net that does not draw by itself; defenses names ${drawing.id}`;
    return { path: ['certificate', 'method'], message };
  }
  if (options['answer'] === 'mean') {
    const message = `smoothing certifies the class that most draws say; ${DEFENSE} answers by their mean`;
    return { path: ['certificate', 'method'], message };
  }
  if (options['deviation'] === deviation) return null;
  const message = `is ${deviation}; that of ${DEFENSE} is ${String(options['deviation'])}; wanted the same`;
  return { path: ['certificate', 'options', 'deviation'], message };
}

/** Even where every draw says the same, the radius has an end. */
function reachMistake({ datasets }: Submission, options: Options): Mistake | null {
  const most = radiusOf(Float64Array.of(options.samples), options);
  const balls = tracks.filter(({ norm, dataset }) => norm === 'L2' && dataset === datasets[0]);
  if (balls.length === 0 || balls.some(({ epsilon }) => most > epsilon * (1 + BALL_TOLERANCE))) return null;
  const wanted = balls.map(({ id }) => id).join(', ');
  const message = `is ${options.deviation}, which certifies ${most.toFixed(3)} at most with ${options.samples} samples; too little for ${wanted}`;
  return { path: ['certificate', 'options', 'deviation'], message };
}

interface Draws {
  readonly deviation: number;
  readonly samples: number;
  readonly seed: number;
  readonly stream: string;
  readonly spent: ((gradients: number) => void) | undefined;
}

/** How often a net gives each class to an image with noise; a tie, and scores that are not finite, are no class. */
async function countClasses(net: Classifier, image: Float32Array, example: number, draws: Draws): Promise<number[]> {
  const { deviation, samples, seed, stream, spent } = draws;
  const random = exampleRandom(seed, `certificate/smoothing/${stream}`);
  const counts = new Array<number>(net.classes).fill(0);
  for (let done = 0, block = 0; done < samples; done += BLOCK, block++) {
    const rows = Math.min(BLOCK, samples - done);
    const noisy = random.normal([example], block, rows * image.length);
    for (let i = 0; i < noisy.length; i++) {
      noisy[i] = (image[i % image.length] as number) + deviation * (noisy[i] as number);
    }
    const batch = tf.tensor4d(noisy, [rows, ...net.inputShape]);
    const logits = net.logits(batch);
    for (const chosen of predictions(await logits.data<'float32'>(), net.classes)) {
      if (chosen >= 0) counts[chosen] = (counts[chosen] as number) + 1;
    }
    tf.dispose([batch, logits]);
    spent?.(rows / 3);
  }
  return counts;
}
