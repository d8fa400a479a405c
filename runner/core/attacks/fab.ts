import * as tf from '@tensorflow/tfjs';
import { z } from 'zod';
import type { Attack } from './attack.ts';
import { pick } from './shared/active-set.ts';
import { logitDifference, rankedOthers } from './shared/boundaries.ts';
import { fabOptions, fabRun, fabSearch } from './shared/fab-run.ts';
import { scoresOf } from './shared/host-images.ts';
import { convexNorms } from './shared/row-norms.ts';

const optionsSchema = z.strictObject(fabOptions);

/**
 * Fast adaptive boundary attack (FAB), L∞, L2 or L1: looks for the nearest adversarial image.
 *
 * Each step takes the classifier for a linear one around the present image, picks the plane of the nearest boundary, and goes a
 * little beyond it, drawn towards the point of the plane that is nearest to the clean image. A success is taken a tenth of the
 * way back to the clean image, and the search goes on from there. At the end a secant search closes in on the boundary between
 * the clean image and the nearest success, which is what is returned.
 *
 * Source: Croce & Hein, "Minimally distorted Adversarial Examples with a Fast Adaptive Boundary Attack", ICML 2020,
 * https://arxiv.org/abs/1907.02044, algorithm 1; one start and the defaults are those of AutoAttack
 * (https://arxiv.org/abs/2003.01690).
 * Departs from it in three ways: the plane for the step after a success is that seen from the success, not from the point that it
 * was taken back to, so that one pass serves verdict and step, and images come out nearer; with a finite ε an image may leave
 * at its first success in the ball (`stopInBall`); and an image whose gradients are all zero goes on from a random point.
 */
export const fab: Attack<typeof optionsSchema> = {
  id: 'fab',
  name: 'FAB',
  norms: convexNorms,
  kind: 'minimum-norm',
  access: 'gradient',
  targeted: 'never',
  paper: 'https://arxiv.org/abs/1907.02044',
  optionsSchema,

  async perturb(context, options) {
    const { model, x, y } = context;
    const clean = await x.data<'float32'>();
    const search = fabSearch(clean, y.length);
    const ranked = rankedOthers(await scoresOf(model, clean), model.classes, y, model.classes - 1);
    for (let run = 0; run < options.restarts; run++) {
      await fabRun(context, options, search, { run, random: run > 0 }, (rows) =>
        ranked.map((others) => logitDifference(pick(others, rows), pick(y, rows))),
      );
    }
    return tf.tensor4d(search.best, x.shape);
  },
};
