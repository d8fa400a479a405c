import * as tf from '@tensorflow/tfjs';

/**
 * Runs `body` as if no gradient were being recorded around it: to whoever differentiates, what it returns is a constant, and nothing of it
 * takes memory of their tape. Within it gradients can be taken, also inside a custom gradient, where tfjs by itself would record none.
 * @param body synchronous; what it leaves behind is disposed of
 */
export function untaped<T extends tf.TensorContainer>(body: () => T): T {
  const { state } = tf.engine();
  const { activeTape, gradientDepth, kernelDepth } = state;
  Object.assign(state, { gradientDepth: 0, kernelDepth: 0 });
  try {
    return tf.tidy(body);
  } finally {
    Object.assign(state, { activeTape, gradientDepth, kernelDepth });
  }
}
