/**
 * How a gradient moves the weights. What an optimiser remembers between two steps lies in slots, one tensor per parameter each,
 * all 0 at the start of a phase.
 */
import * as tf from '@tensorflow/tfjs';

/** Memory by slot name, then by parameter in the architecture's order. */
export type Slots = Readonly<Record<string, readonly tf.Tensor[]>>;

interface Move {
  readonly parameters: readonly tf.Tensor[];
  readonly gradients: readonly tf.Tensor[];
  readonly slots: Slots;
  readonly learningRate: number;
  readonly momentum: number;
  /** Steps of the phase that are done. */
  readonly done: number;
}

interface Optimiser {
  readonly slots: readonly string[];
  /** Runs within a tidy. */
  move(input: Move): { readonly parameters: tf.Tensor[]; readonly slots: Slots };
}

/** v ← μ·v − λ·g, w ← w + v. */
const momentumDescent: Optimiser = {
  slots: ['velocity'],
  move({ parameters, gradients, slots, learningRate, momentum }) {
    const velocity = (slots.velocity as readonly tf.Tensor[]).map((v, i) =>
      tf.sub(tf.mul(v, momentum), tf.mul(gradients[i] as tf.Tensor, learningRate)),
    );
    return { parameters: parameters.map((w, i) => tf.add(w, velocity[i] as tf.Tensor)), slots: { velocity } };
  },
};

const SQUARES_KEPT = 0.999;
const STABILITY = 1e-8;

/**
 * Adam: m ← β₁·m + (1 − β₁)·g, s ← β₂·s + (1 − β₂)·g², w ← w − λ · m̂ / (√ŝ + 10⁻⁸), where a hat divides by 1 − βᵗ; β₁ is the momentum,
 * β₂ = 0.999.
 *
 * Source: Kingma & Ba, "Adam: A Method for Stochastic Optimization", ICLR 2015, https://arxiv.org/abs/1412.6980, algorithm 1.
 */
const adam: Optimiser = {
  slots: ['velocity', 'squares'],
  move({ parameters, gradients, slots, learningRate, momentum, done }) {
    const blend = (old: readonly tf.Tensor[], kept: number, add: (gradient: tf.Tensor) => tf.Tensor) =>
      old.map((value, i) => tf.add(tf.mul(value, kept), tf.mul(add(gradients[i] as tf.Tensor), 1 - kept)));
    const velocity = blend(slots.velocity as readonly tf.Tensor[], momentum, (gradient) => gradient);
    const squares = blend(slots.squares as readonly tf.Tensor[], SQUARES_KEPT, (gradient) => tf.square(gradient));
    const step = learningRate / (1 - momentum ** (done + 1));
    const scale = 1 / (1 - SQUARES_KEPT ** (done + 1));
    const moved = parameters.map((w, i) => {
      const length = tf.add(tf.sqrt(tf.mul(squares[i] as tf.Tensor, scale)), STABILITY);
      return tf.sub(w, tf.mul(tf.div(velocity[i] as tf.Tensor, length), step));
    });
    return { parameters: moved, slots: { velocity, squares } };
  },
};

export const optimisers = { momentum: momentumDescent, adam } as const;
