import * as tf from '@tensorflow/tfjs';
import { gradientModel } from '../../gradients.ts';
import { classLogit } from '../../losses.ts';
import type { Outcomes, StepContext } from '../experiment.ts';

const CHUNK = 100;

/** Logarithms of the bounds between ten buckets of amplitudes; the paper has as many, from 0 to 10⁻⁴⁰ up to 10⁻³ to 1. */
export const BOUNDS = [-40, -35, -30, -25, -20, -15, -10, -5, -3];

/**
 * Amplitude of the adversarial gradient: mean absolute derivative of a net's probabilities by the pixels, from logits z and their own
 * derivatives, ∂p_c/∂x = p_c · (∂z_c − Σ_k p_k ∂z_k).
 *
 * In float32 that difference is rounding where the probabilities saturate: 1 − p is 0 or 6e-8. Here it is written by the other
 * probabilities, whose common factor is kept as a logarithm, so that any amplitude has its true size.
 * @param z logits of one image, [classes]
 * @param slopes their derivatives by the pixels, one array for each class
 * @returns log₁₀ of the amplitude
 */
export function logAmplitude(z: ArrayLike<number>, slopes: readonly ArrayLike<number>[]): number {
  const classes = Array.from({ length: z.length }, (_, c) => c);
  const winner = classes.reduce((best, c) => ((z[c] as number) > (z[best] as number) ? c : best), 0);
  const others = classes.filter((c) => c !== winner);
  const lead = (c: number) => (z[c] as number) - (z[winner] as number);
  const logTotal = Math.log1p(others.reduce((sum, c) => sum + Math.exp(lead(c)), 0));
  const largest = Math.max(...others.map(lead));
  // Probabilities of the others, as fractions of the largest of them.
  const fraction = new Map(others.map((c) => [c, Math.exp(lead(c) - largest)]));
  const scale = Math.exp(largest - logTotal);
  const top = slopes[winner] as ArrayLike<number>;
  let sum = 0;
  for (let i = 0; i < top.length; i++) {
    let pull = 0;
    for (const [k, share] of fraction) pull += share * ((top[i] as number) - (slopes[k]?.[i] as number));
    sum += Math.abs(Math.exp(-logTotal) * pull);
    for (const [c, share] of fraction) {
      sum += share * Math.abs((slopes[c]?.[i] as number) - (top[i] as number) + scale * pull);
    }
  }
  return (largest - logTotal) / Math.LN10 + Math.log10(sum / (classes.length * top.length));
}

/** `amplitude`, log₁₀ of the amplitude of each of the first test images, of a net that the experiment names. */
export async function amplitudes({ net, test, pause }: StepContext, id: string, images: number): Promise<Outcomes> {
  const { x, count } = test(undefined, images);
  const classifier = net(id);
  const { classes } = classifier;
  const model = gradientModel(classifier);
  const size = x.length / count;
  const amplitude = new Float32Array(count);
  try {
    for (let start = 0; start < count; start += CHUNK) {
      const rows = Math.min(CHUNK, count - start);
      const batch = tf.tensor4d(x.slice(start * size, (start + rows) * size), [rows, ...classifier.inputShape]);
      const losses = Array.from({ length: classes }, (_, c) => classLogit(new Int32Array(rows).fill(c)));
      const { logits, gradients } = model.gradients(batch, losses);
      const scores = await logits.data<'float32'>();
      const slopes = await Promise.all(gradients.map((gradient) => gradient.data<'float32'>()));
      for (let row = 0; row < rows; row++) {
        amplitude[start + row] = logAmplitude(
          scores.subarray(row * classes, (row + 1) * classes),
          slopes.map((slope) => slope.subarray(row * size, (row + 1) * size)),
        );
      }
      tf.dispose([batch, logits, ...gradients]);
      await pause((start + rows) / count);
    }
  } finally {
    model.dispose();
  }
  return { amplitude: { shape: [count], data: amplitude } };
}
