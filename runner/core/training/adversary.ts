/**
 * The inner maximisation of adversarial training: PGD against the net as it stands, for images that are trained on next.
 *
 * Unlike the attack in `attacks/pgd.ts` it never stops early: every image is to end where its loss is highest.
 */
import * as tf from '@tensorflow/tfjs';
import { steepest } from '../attacks/shared/step.ts';
import { gradientModel, type PerExampleLoss } from '../gradients.ts';
import type { Architecture, NamedTensors } from '../models/architecture.ts';
import { projectTensor } from '../projections.ts';
import { exampleRandom } from '../random.ts';
import { unitRows } from '../tensors.ts';
import type { Step } from './objective.ts';

/** What a net is trained against. */
export interface Adversary {
  readonly norm: 'Linf' | 'L2';
  /** Radius of the ball in pixel units. */
  readonly epsilon: number;
  readonly steps: number;
  /** Step length as a fraction of the radius. */
  readonly relativeStepSize: number;
  /** Epochs over which the radius grows from 0 to ε, evenly with every step. */
  readonly warmupEpochs: number;
  /**
   * Where the first step sets out: a random point of the ball, the image itself, or a point near it (0.001 times normal noise away,
   * where a loss that compares with the image itself has a gradient). The ball when absent.
   */
  readonly start?: 'ball' | 'image' | 'near';
}

const NEAR = 0.001;

export interface AdversaryInput {
  readonly architecture: Architecture;
  /** Present weights, as `prepared` gives them. */
  readonly weights: NamedTensors;
  readonly adversary: Adversary;
  /** Epochs done, with the fraction of the present one. */
  readonly time: number;
  readonly x: tf.Tensor4D;
  /** Probability of each class, [batch, classes]. */
  readonly labels: tf.Tensor2D;
  /** What each image is to make large; the cross-entropy of `labels` when absent. */
  readonly objective?: PerExampleLoss;
  readonly seed: number;
  /** Keys of this step's draws: the name of the phase, and the number of the step. */
  readonly stream: string;
  readonly step: number;
}

/**
 * @returns images in the ball and the pixel range, of x's shape; the caller disposes of them
 */
export function adversarialImages(input: AdversaryInput): tf.Tensor4D {
  const { architecture, weights, adversary, x, labels } = input;
  const { norm, steps, relativeStepSize } = adversary;
  const epsilon = radiusAt(adversary, input.time);
  if (epsilon === 0) return x.clone();
  const { inputShape, classes } = architecture;
  const model = gradientModel({
    inputShape,
    classes,
    logits: (images) => architecture.forward(weights, images),
    dispose: () => {},
  });
  const loss = input.objective ?? ((logits) => tf.neg(tf.sum(tf.mul(labels, tf.logSoftmax(logits)), 1)) as tf.Tensor1D);
  try {
    let images = startOf(input, epsilon);
    for (let step = 0; step < steps; step++) {
      const before = images;
      images = tf.tidy(() => {
        const { gradient } = model.gradient(before, loss);
        const moved = tf.add(before, tf.mul(steepest(gradient, norm), relativeStepSize * epsilon)) as tf.Tensor4D;
        return projectTensor(x, moved, norm, epsilon);
      });
      before.dispose();
    }
    return images;
  } finally {
    model.dispose();
  }
}

/** The radius at a time of the phase, in epochs. */
export function radiusAt({ epsilon, warmupEpochs }: Pick<Adversary, 'epsilon' | 'warmupEpochs'>, time: number): number {
  return epsilon * Math.min(1, warmupEpochs === 0 ? 1 : time / warmupEpochs);
}

/** In L∞ a random point is uniform in the ball, in L2 of a uniform direction and a uniform radius. */
function startOf({ x, adversary, seed, stream, step }: AdversaryInput, epsilon: number): tf.Tensor4D {
  const { norm, start = 'ball' } = adversary;
  if (start === 'image') return x.clone();
  const [batch] = x.shape;
  const size = x.size / batch;
  const rows = Array.from({ length: batch }, (_, row) => row);
  const random = exampleRandom(seed, `adversary/${stream}`);
  return tf.tidy(() => {
    if (start === 'near') {
      const noise = tf.tensor4d(random.normal(rows, 2 * step, size), x.shape);
      return projectTensor(x, tf.add(x, tf.mul(noise, NEAR)), norm, epsilon);
    }
    if (norm === 'Linf') {
      const uniform = tf.tensor4d(random.uniform(rows, 2 * step, size), x.shape);
      return projectTensor(x, tf.add(x, tf.mul(tf.sub(tf.mul(uniform, 2), 1), epsilon)), 'Linf', epsilon);
    }
    const direction = unitRows(tf.tensor4d(random.normal(rows, 2 * step, size), x.shape));
    const radius = tf.tensor4d(random.uniform(rows, 2 * step + 1, 1), [batch, 1, 1, 1]);
    return projectTensor(x, tf.add(x, tf.mul(direction, tf.mul(radius, epsilon))), 'L2', epsilon);
  });
}

/** The images that an adversary makes of a step's. */
export function attacked(step: Step, adversary: Adversary, objective?: PerExampleLoss): tf.Tensor4D {
  return adversarialImages({ ...step, adversary, ...(objective && { objective }) });
}
