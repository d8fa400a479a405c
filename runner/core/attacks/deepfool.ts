import { z } from 'zod';
import type { Attack } from './attack.ts';
import { pick, unset } from './shared/active-set.ts';
import { crossingsOf, nearestBoundaries, rankedOthers } from './shared/boundaries.ts';
import { findings } from './shared/findings.ts';
import { imagesOf, scoresOf } from './shared/host-images.ts';
import { hyperplaneProjector } from './shared/hyperplane.ts';

const optionsSchema = z.strictObject({
  maxIterations: z
    .int()
    .min(1)
    .max(10_000)
    .default(50)
    .describe('Steps, each onto the nearest boundary as it looks then.'),
  overshoot: z
    .number()
    .min(0)
    .max(1)
    .default(0.02)
    .describe('Share by which the whole change is lengthened, to come out beyond the boundary.'),
  candidates: z
    .int()
    .min(2)
    .max(1000)
    .default(10)
    .describe('Classes looked at, its own and the most likely others; each other one costs a backward pass per step.'),
});

const norms = ['L2', 'Linf'] as const;

/**
 * DeepFool, L2 or L∞, with or without a target.
 *
 * Each step takes the classifier for a linear one around the image, so that each class is bounded by planes, and adds the
 * smallest change that leads onto the nearest. The sum of these changes, lengthened by the overshoot, is the perturbation. An
 * image leaves the batch as soon as it is classified otherwise.
 *
 * Source: Moosavi-Dezfooli et al., "DeepFool: a simple and accurate method to fool deep neural networks", CVPR 2016,
 * https://arxiv.org/abs/1511.04599, algorithm 2 and §3.3 for norms other than L2; overshoot 0.02; at most 50 iterations and
 * the ten most likely classes are those of the authors' published code, which like this one overshoots within the loop.
 * Departs from it in three ways: a step leads to the nearest point of the plane within the pixel range, where the paper ignores
 * the range, and the image stays in it; with a target the plane is that between it and the largest other logit; and an image whose
 * gradients are all zero is given up, since no step would move it.
 */
export const deepfool: Attack<typeof optionsSchema> = {
  id: 'deepfool',
  name: 'DeepFool',
  norms,
  kind: 'minimum-norm',
  access: 'gradient',
  targeted: 'optional',
  paper: 'https://arxiv.org/abs/1511.04599',
  optionsSchema,

  async perturb(context, options) {
    const { model, x, y, target, adversarial } = context;
    const norm = context.norm as (typeof norms)[number];
    const found = await findings(x);
    const clean = await x.data<'float32'>();
    const ranked = rankedOthers(await scoresOf(model, clean), model.classes, y, options.candidates - 1);
    const size = clean.length / y.length;
    const project = hyperplaneProjector(size, norm);
    const step = new Float64Array(size);
    const change = new Float64Array(clean.length);
    const images = clean.slice();
    let rows = found.open();
    for (let iteration = 0; iteration < options.maxIterations && rows.length > 0; iteration++) {
      const others = ranked.map((classes) => pick(classes, rows));
      const crossings = crossingsOf(pick(y, rows), pick(target, rows), others);
      const { values, normals } = await nearestBoundaries(model, imagesOf(images, rows, size), crossings, norm);
      const still = new Uint8Array(rows.length);
      for (const [i, row] of rows.entries()) {
        const [from, to] = [row * size, (row + 1) * size];
        const image = images.subarray(from, to);
        const length = project(image, normals.subarray(i * size, (i + 1) * size), values[i] as number, step);
        if (length === 0) still[i] = 1;
        for (let k = 0; k < size; k++) {
          const whole = (change[from + k] as number) + (step[k] as number);
          change[from + k] = whole;
          image[k] = Math.min(1, Math.max(0, (clean[from + k] as number) + (1 + options.overshoot) * whole));
        }
      }
      const tried = imagesOf(images, rows, size);
      const done = adversarial(await scoresOf(model, tried), rows);
      found.settle(tried, rows, done);
      rows = pick(rows, unset(done.map((flag, i) => flag | (still[i] as number))));
      await context.pause();
    }
    return found.toTensor();
  },
};
