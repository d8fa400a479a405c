import * as tf from '@tensorflow/tfjs';

const INTERVAL_MS = 100;

/**
 * Loops that only await resolved promises never let a timer, a signal or a message through.
 * @param paused called each time that is done
 * @returns a function that does so when 100 ms have gone by since it last did, and else nothing
 */
export function pauser(paused: () => void = () => {}): () => Promise<void> {
  let last = tf.util.now();
  return async () => {
    if (tf.util.now() - last < INTERVAL_MS) return;
    paused();
    await tf.nextFrame();
    last = tf.util.now();
  };
}
