import * as tf from '@tensorflow/tfjs';
import { gradientModel } from '#core/gradients.ts';
import { crossEntropy } from '#core/losses.ts';
import { benchClassifier, forwardOperations } from './classifier.ts';

/** How fast one pass is: the median time of a batch, and the arithmetic that makes. */
export interface PassSpeed {
  readonly milliseconds: number;
  readonly gigaflops: number;
  /** Time of all cores together, which says more than the clock where the machine is busy with other things. */
  readonly coreMilliseconds: number;
  readonly runs: number;
}

export interface Speed {
  readonly architecture: string;
  readonly batch: number;
  readonly forward: PassSpeed;
  /** Gradient with respect to the input, its forward pass included. */
  readonly inputGradient: PassSpeed;
}

/**
 * Times a forward pass and an input gradient on the backend that runs now, with random weights.
 * @param seconds how long each of the two is repeated, after two runs that do not count
 */
export async function measureSpeed(architecture: string, batch: number, seconds: number): Promise<Speed> {
  const classifier = await benchClassifier(architecture);
  const operations = batch * (await forwardOperations(classifier));
  const model = gradientModel(classifier);
  const x = tf.randomUniform([batch, ...classifier.inputShape], 0, 1, 'float32', 1) as tf.Tensor4D;
  const loss = crossEntropy(Int32Array.from({ length: batch }, (_, i) => i % classifier.classes));
  const forward = await medianSeconds(seconds, async () => {
    const logits = model.logits(x);
    await logits.data();
    logits.dispose();
  });
  const inputGradient = await medianSeconds(seconds, async () => {
    const { logits, gradient } = model.gradient(x, loss);
    await gradient.data();
    tf.dispose([logits, gradient]);
  });
  x.dispose();
  classifier.dispose();
  return {
    architecture,
    batch,
    forward: passSpeed(forward, operations),
    inputGradient: passSpeed(inputGradient, 2 * operations),
  };
}

function passSpeed({ median, cores, runs }: Timing, operations: number): PassSpeed {
  const gigaflops = operations / median / 1e9;
  return { milliseconds: median * 1000, gigaflops, coreMilliseconds: cores * 1000, runs };
}

interface Timing {
  /** Seconds by the clock. */
  readonly median: number;
  /** Seconds of all cores together, on average. */
  readonly cores: number;
  readonly runs: number;
}

/** Repeats something for some seconds, five times at least. */
async function medianSeconds(seconds: number, body: () => Promise<void>): Promise<Timing> {
  for (let warmUp = 0; warmUp < 2; warmUp++) await body();
  const times: number[] = [];
  const before = process.cpuUsage();
  const end = performance.now() + seconds * 1000;
  while (times.length < 5 || performance.now() < end) {
    const start = performance.now();
    await body();
    times.push((performance.now() - start) / 1000);
  }
  const { user, system } = process.cpuUsage(before);
  times.sort((a, b) => a - b);
  return {
    median: times[times.length >> 1] as number,
    cores: (user + system) / 1e6 / times.length,
    runs: times.length,
  };
}
