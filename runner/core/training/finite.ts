import { ParapetError } from '../errors.ts';
import type { Weights } from './state.ts';

/** @returns what is wrong with the first value that is no finite number, such as "'fc.bias' holds NaN"; null where all are */
export function notFinite(weights: Weights): string | null {
  for (const [name, values] of Object.entries(weights)) {
    const wrong = values.find((value) => !Number.isFinite(value));
    if (wrong !== undefined) return `'${name}' holds ${wrong}`;
  }
  return null;
}

/**
 * The error of a training that has run away. A checkpoint belongs to the rate that it was made with, so a lower one starts anew.
 * @param what such as 'the loss is NaN at step 3 of 8 in epoch 2'
 */
export function diverged(what: string): ParapetError {
  return new ParapetError(
    'misbehaved',
    `training: ${what}`,
    'lower recipe.options.learningRate and start anew with --no-resume; until then the checkpoint holds the last whole epoch, if there was one',
  );
}
