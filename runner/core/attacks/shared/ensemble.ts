import * as tf from '@tensorflow/tfjs';
import type { GradientModel, PerExampleLoss } from '../../gradients.ts';

/** What an ascent asks of a model. */
export type AscentModel = Pick<GradientModel, 'logits' | 'gradient'>;

/**
 * Several models as one whose logits are the mean of theirs.
 *
 * Source: Dong et al., "Boosting Adversarial Attacks with Momentum", CVPR 2018, https://arxiv.org/abs/1710.06081, §3.4: of the three
 * ways to combine models, fusing logits transfers best.
 * @param models at least one, of the same inputs and classes
 */
export function ensemble(models: readonly AscentModel[]): AscentModel {
  const [first] = models;
  if (models.length === 1 && first !== undefined) return first;
  const mean = (all: readonly tf.Tensor2D[]) => tf.div(tf.addN([...all]), all.length) as tf.Tensor2D;
  return {
    logits: (x) => tf.tidy(() => mean(models.map((model) => model.logits(x)))),
    gradient: (x, loss) =>
      tf.tidy(() => {
        const all = models.map((model) => model.logits(x));
        // The gradient of a loss of the mean is the sum over the models, each with the logits of the others held still.
        const gradients = models.map((model, k) => model.gradient(x, ofMean(loss, all, k)).gradient);
        return { logits: mean(all), gradient: tf.addN(gradients) };
      }),
  };
}

/** The loss of the mean of all logits, as a function of those of model k. */
function ofMean(loss: PerExampleLoss, all: readonly tf.Tensor2D[], k: number): PerExampleLoss {
  return (logits) => {
    const others = all.filter((_, i) => i !== k);
    return loss(tf.div(tf.add(logits, tf.addN(others)), all.length) as tf.Tensor2D);
  };
}
