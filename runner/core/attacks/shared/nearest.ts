import * as tf from '@tensorflow/tfjs';
import type { Norm } from '../../projections.ts';
import { gatherRows, perRow } from '../../tensors.ts';
import type { AttackContext } from '../attack.ts';
import { type ActiveSet, unset } from './active-set.ts';
import type { Findings } from './findings.ts';
import { lengths } from './row-norms.ts';
import { standing } from './successes.ts';

/** The nearest success of each row of a batch so far. Those of active rows stay on the device, as the set's `best`. */
export interface Nearest {
  /** Distance of each row's nearest success, in whatever the attack minimises, [batch]; Infinity before the first. */
  readonly distances: Float64Array;
  /**
   * Takes in the images at work.
   * @param images one for each active row
   * @param distances their distances
   * @param succeeded 1 for each that is a success
   */
  offer(active: ActiveSet<'best'>, images: tf.Tensor4D, distances: ArrayLike<number>, succeeded: Uint8Array): void;
  /** Takes rows out of the active set, and stores the nearest success of those for which there is a new one. */
  retire(active: ActiveSet<'best'>, leaving: Uint8Array): Promise<void>;
}

/** @param batch number of rows */
export function nearestSuccesses(found: Findings, batch: number): Nearest {
  const nearest = new Float64Array(batch).fill(Number.POSITIVE_INFINITY);
  const improved = new Uint8Array(batch);
  return {
    distances: nearest,
    offer(active, images, distances, succeeded) {
      const better = succeeded.map((flag, i) => {
        const row = active.rows[i] as number;
        if (flag !== 1 || !((distances[i] as number) < (nearest[row] as number))) return 0;
        nearest[row] = distances[i] as number;
        improved[row] = 1;
        return 1;
      });
      if (!better.includes(1)) return;
      active.update({ best: tf.tidy(() => tf.where(tf.greater(perRow(better), 0), images, active.state.best)) });
    },
    async retire(active, leaving) {
      const positions = Int32Array.from(leaving.keys()).filter(
        (i) => leaving[i] === 1 && improved[active.rows[i] as number] === 1,
      );
      if (positions.length > 0) {
        const best = gatherRows(active.state.best, positions);
        const values = await best.data<'float32'>();
        const size = values.length / positions.length;
        for (const [i, position] of positions.entries()) {
          const row = active.rows[position] as number;
          found.store(row, values.subarray(i * size, (i + 1) * size));
          improved[row] = 0;
        }
        best.dispose();
      }
      active.keep(unset(leaving));
    },
  };
}

/** Takes in images of the active rows, for one forward pass: for where the last step led. */
export async function lookAt(
  context: AttackContext,
  active: ActiveSet<'x' | 'best'>,
  images: tf.Tensor4D,
  norm: Norm,
  nearest: Nearest,
) {
  const logits = context.model.logits(images);
  const reached = tf.tidy(() => lengths(tf.sub(images, active.state.x), norm));
  const [scores, distances] = await Promise.all([logits.data<'float32'>(), reached.data<'float32'>()]);
  tf.dispose([logits, reached]);
  nearest.offer(active, images, distances, standing(context, scores, active.rows).succeeded);
}
