import type * as tf from '@tensorflow/tfjs';

/**
 * A differentiable image classifier. Gradients, probabilities and predictions are derived from `logits`
 * in one place, `#core/gradients.ts`.
 */
export interface Classifier {
  /** [height, width, channels] of one image; pixels are in [0, 1]. */
  readonly inputShape: readonly [height: number, width: number, channels: number];
  /** Number of classes. */
  readonly classes: number;
  /** What was decided about its file that the file does not say: a sentence each. */
  readonly notes?: readonly string[];
  /** What its graph was seen to do at either end; absent for a net that is code of ours. */
  readonly ends?: GraphEnds;
  /** Of one that draws, what it is with other draws; absent for one that does not. */
  readonly drawing?: Drawing;
  /**
   * Its answer, which is always the same: one that draws makes the same draws each time, and for every image.
   * @param x images, float32 [batch, height, width, channels], pixels in [0, 1]
   * @returns unnormalised class scores, float32 [batch, classes]; the caller disposes of them
   */
  logits(x: tf.Tensor4D): tf.Tensor2D;
  /** Frees the weights. */
  dispose(): void;
}

/** What a graph does with images before anything else, and with scores after everything else. */
export interface GraphEnds {
  /** The operator that first shifts or scales the images by constants, as mean and standard deviation do; null when none does. */
  readonly normalises: string | null;
  /** Whether it ended in a softmax, which was left off. */
  readonly softmax: boolean;
}

/** A classifier that draws, with other draws than those of its answer. What it gives shares its weights, and need not be disposed of. */
export interface Drawing {
  /** What attacks meet: other draws in each pass, so that none can fit an image to those of the answer. */
  attacked(key: AttackKey): Classifier;
  /** One of its answers, each with draws of its own; number 0 is the one that it gives. */
  answering(number: number): Classifier;
}

/** With the number of the pass, all that the draws which an attack meets are decided by. */
export interface AttackKey {
  readonly seed: number;
  /** The attack's line in its suite, or what else asks. */
  readonly line: string;
  /** Number of the chunk of examples in its line. */
  readonly chunk: number;
}

/** @returns what attacks meet in the place of the classifier, beginning with their first pass; itself where nothing is drawn */
export function asAttacked(classifier: Classifier, key: AttackKey): Classifier {
  return classifier.drawing?.attacked(key) ?? classifier;
}

/** @returns the classifier's scores changed, whether it answers or is attacked */
export function withLogits(
  of: Classifier,
  change: (of: Classifier) => Classifier['logits'],
): Pick<Classifier, 'logits' | 'drawing'> {
  const { drawing } = of;
  const view = (one: Classifier): Classifier => ({ ...one, logits: change(one) });
  if (drawing === undefined) return { logits: change(of) };
  return {
    logits: change(of),
    drawing: {
      attacked: (key) => view(drawing.attacked(key)),
      answering: (number) => view(drawing.answering(number)),
    },
  };
}
