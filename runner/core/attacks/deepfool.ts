import * as tf from '@tensorflow/tfjs';
import { z } from 'zod';
import type { Attack, AttackContext } from './attack.ts';
import { type ActiveSet, activeSet, pick, unset } from './shared/active-set.ts';
import { crossingsOf, nearestBoundary, rankedOthers } from './shared/boundaries.ts';
import { findings } from './shared/findings.ts';
import { ontoHyperplane } from './shared/hyperplane.ts';

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

type Options = z.infer<typeof optionsSchema>;
type State = 'x' | 'xAdv' | 'change';

const norms = ['L2', 'Linf'] as const;

/**
 * DeepFool, L2 or L∞, with or without a target.
 *
 * Each step takes the classifier for a linear one around the image, so that each class is bounded by planes, and adds the
 * smallest change that leads onto the nearest. The sum of these changes, lengthened by the overshoot, is the perturbation. An
 * image leaves the batch as soon as it is classified otherwise.
 *
 * Source: Moosavi-Dezfooli et al., "DeepFool: a simple and accurate method to fool deep neural networks", CVPR 2016,
 * https://arxiv.org/abs/1511.04599, algorithm 2 and §3.3 for norms other than L2; overshoot 0.02 (§4.1), at most 50 iterations and
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
    const { model, x, y, adversarial } = context;
    const found = await findings(x);
    const clean = model.logits(x);
    const ranked = rankedOthers(await clean.data<'float32'>(), model.classes, y, options.candidates - 1);
    clean.dispose();
    const active = activeSet<State>(found.open(), { x: x.clone(), xAdv: x.clone(), change: tf.zerosLike(x) });
    try {
      for (let step = 0; step < options.maxIterations && active.rows.length > 0; step++) {
        const moved = advance(context, options, active, ranked);
        const logits = model.logits(active.state.xAdv);
        const [scores, lengths] = await Promise.all([logits.data<'float32'>(), moved.data<'float32'>()]);
        tf.dispose([logits, moved]);
        const done = adversarial(scores, active.rows);
        if (done.includes(1)) found.settle(await active.state.xAdv.data<'float32'>(), active.rows, done);
        active.keep(unset(done.map((flag, i) => (flag === 1 || lengths[i] === 0 ? 1 : 0))));
        await context.pause();
      }
    } finally {
      active.dispose();
    }
    return found.toTensor();
  },
};

/** One step of every row of the active set. @returns how far each went, [rows, 1, 1, 1] */
function advance(
  { model, y, target, norm }: AttackContext,
  { overshoot }: Options,
  { rows, state, update }: ActiveSet<State>,
  ranked: readonly Int32Array[],
): tf.Tensor {
  const crossings = crossingsOf(
    pick(y, rows),
    pick(target, rows),
    ranked.map((others) => pick(others, rows)),
  );
  const next = tf.tidy(() => {
    const boundary = nearestBoundary(model, state.xAdv, crossings, norm as (typeof norms)[number]);
    const step = ontoHyperplane(state.xAdv, boundary.normal, boundary.value, norm as (typeof norms)[number]);
    const change = tf.add(state.change, step) as tf.Tensor4D;
    const xAdv = tf.clipByValue(tf.add(state.x, tf.mul(change, 1 + overshoot)), 0, 1) as tf.Tensor4D;
    return { xAdv, change, moved: tf.max(tf.abs(step), [1, 2, 3]) };
  });
  update({ xAdv: next.xAdv, change: next.change });
  return next.moved;
}
