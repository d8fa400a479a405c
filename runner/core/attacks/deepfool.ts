import { z } from 'zod';
import type { Attack } from './attack.ts';
import { pick, unset } from './shared/active-set.ts';
import { crossingsOf, nearestBoundaries, rankedOthers } from './shared/boundaries.ts';
import { findings } from './shared/findings.ts';
import { imagesOf, scoresOf } from './shared/host-images.ts';
import { hyperplaneProjector, type Projector } from './shared/hyperplane.ts';
import { rivalMargins } from './shared/rival-margins.ts';
import { standing } from './shared/successes.ts';

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

/** How far beyond the boundary a step leads at least, as a share of the largest logit: twice what a success must clear it by. */
const AIM = 2e-5;
/** Share of the steps that are the plain ones. */
const PLAIN = 0.9;

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
 * Departs from it in five ways: the image stays in the pixel range, so what of a step would leave it is dropped, and the next steps
 * make up for it; the last tenth of the steps, which few images see, lead to the nearest point of the plane within the range; a
 * success clears the boundary by 1e-5 of the largest logit; with a target the plane is that between it and the largest other logit;
 * and an image whose gradients are all zero is given up, since no step would move it. (If all steps kept to the range, an image would
 * be there in three and not in ten, but a tenth farther out: planes that far away say little.)
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
    const { model, x, y, target } = context;
    const norm = context.norm as (typeof norms)[number];
    const found = await findings(x);
    const clean = await x.data<'float32'>();
    const ranked = rankedOthers(await scoresOf(model, clean), model.classes, y, options.candidates - 1);
    const size = clean.length / y.length;
    const plainSteps = Math.floor(PLAIN * options.maxIterations);
    const steps = { plain: plainStep(norm), within: hyperplaneProjector(size, norm) };
    const step = new Float64Array(size);
    const images = clean.slice();
    const { overshoot } = options;
    let rows = found.open();
    for (let iteration = 0; iteration < options.maxIterations && rows.length > 0; iteration++) {
      const others = ranked.map((classes) => pick(classes, rows));
      const crossings = crossingsOf(pick(y, rows), pick(target, rows), others);
      const seen = await nearestBoundaries(model, imagesOf(images, rows, size), crossings, norm);
      const { largest } = rivalMargins(seen.scores, model.classes, pick(y, rows), pick(target, rows));
      const still = new Uint8Array(rows.length);
      const project = iteration < plainSteps ? steps.plain : steps.within;
      for (const [i, row] of rows.entries()) {
        const image = images.subarray(row * size, (row + 1) * size);
        const gap = seen.values[i] as number;
        const beyond = Math.max(0, AIM * (largest[i] as number) - overshoot * Math.abs(gap));
        const length = project(image, seen.normals.subarray(i * size, (i + 1) * size), gap - beyond, step);
        if (length === 0) still[i] = 1;
        for (let k = 0; k < size; k++) {
          image[k] = Math.min(1, Math.max(0, (image[k] as number) + (1 + overshoot) * (step[k] as number)));
        }
      }
      const tried = imagesOf(images, rows, size);
      const done = standing(context, await scoresOf(model, tried), rows).succeeded;
      found.settle(tried, rows, done);
      rows = pick(rows, unset(done.map((flag, i) => flag | (still[i] as number))));
      await context.pause();
    }
    return found.toTensor();
  },
};

/** The smallest change that leads onto the plane, without what of it would leave the pixel range. */
function plainStep(norm: (typeof norms)[number]): Projector {
  return (point, normal, gap, change) => {
    let slope = 0;
    // Values that are not finite are left out.
    for (const w of normal) if (w - w === 0) slope += norm === 'L2' ? w * w : Math.abs(w);
    const scale = slope > 0 ? -gap / slope : 0;
    let length = 0;
    for (const [i, w] of normal.entries()) {
      const value = point[i] as number;
      const wish = w - w === 0 ? scale * (norm === 'L2' ? w : Math.sign(w)) : 0;
      const move = Math.min(1, Math.max(0, value + wish)) - value;
      change[i] = move;
      length = norm === 'L2' ? length + move * move : Math.max(length, Math.abs(move));
    }
    return norm === 'L2' ? Math.sqrt(length) : length;
  };
}
