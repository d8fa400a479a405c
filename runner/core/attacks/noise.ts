import { z } from 'zod';
import type { Attack } from './attack.ts';
import { type Asking, type Searched, SLICE, searchByLabels } from './shared/label-search.ts';
import { distanceFrom, inRange, labelNorms } from './shared/towards.ts';

const optionsSchema = z.strictObject({
  draws: z
    .int()
    .min(1)
    .max(1_000_000)
    .default(10_000)
    .describe('Noise images tried for each image; each costs one forward pass.'),
});

/** Rounds in which clipped L2 noise is brought back to its length; each gets nearer, from below. */
const LENGTH_ROUNDS = 4;

/**
 * Random noise of the ball's radius, until one is adversarial: in L∞ uniform in [−ε, ε], in L2 Gaussian and scaled to length ε.
 *
 * A defense that falls to it, or to which it does more than a gradient attack does, hides its gradients or nothing at all.
 *
 * Source: Carlini et al., "On Evaluating Adversarial Robustness", 2019, https://arxiv.org/abs/1902.06705: its checklist asks
 * for 10,000 random points of the ball and more, and leaves their distribution open.
 * Here: values come in 256 equally likely levels; L2 noise is lengthened until it has the length ε within the pixel range
 * (Rauber & Bethge, "Fast Differentiable Clipping-Aware Normalization and Rescaling", 2020, https://arxiv.org/abs/2007.07677,
 * by repeated scaling in place of their closed form), as black pixels would else swallow half of it.
 */
export const noise: Attack<typeof optionsSchema> = {
  id: 'noise',
  name: 'Random noise',
  norms: labelNorms,
  kind: 'fixed-epsilon',
  access: 'labels',
  targeted: 'optional',
  paper: 'https://arxiv.org/abs/1902.06705',
  optionsSchema,

  perturb(context, { draws }) {
    return searchByLabels(context, { queries: draws, minimal: false }, tryNoise);
  },
};

/** Asks about one image, then about as many as so far, up to a slice: an image that falls early costs at most twice its draws. */
function* tryNoise({ x, norm, epsilon, draws, left }: Searched): Asking<void> {
  for (let drawn = 0; left() > 0; ) {
    const count = Math.min(SLICE, Math.max(1, drawn), left());
    const images = norm === 'Linf' ? draws.uniform(count) : draws.normal(count);
    for (let i = 0; i < count; i++) addTo(x, images.subarray(i * x.length, (i + 1) * x.length), norm, epsilon);
    const answer = yield images;
    if (answer.includes(1)) return;
    drawn += count;
  }
}

/** Puts x with noise added in the place of the noise. */
function addTo(x: Float32Array, values: Float32Array, norm: Searched['norm'], epsilon: number) {
  if (norm === 'Linf') {
    for (let i = 0; i < x.length; i++) values[i] = inRange((x[i] as number) + epsilon * (values[i] as number));
    return;
  }
  const noise = values.slice();
  const zero = new Float32Array(x.length);
  let scale = epsilon / distanceFrom(zero, noise, 'L2');
  for (let round = 0; ; round++) {
    for (let i = 0; i < x.length; i++) values[i] = inRange((x[i] as number) + scale * (noise[i] as number));
    const length = distanceFrom(x, values, 'L2');
    if (round === LENGTH_ROUNDS || !(length > 0) || length >= epsilon) return;
    scale *= epsilon / length;
  }
}
