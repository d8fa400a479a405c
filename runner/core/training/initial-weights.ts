import type { Architecture } from '../models/architecture.ts';
import { exampleRandom } from '../random.ts';
import type { Weights } from './state.ts';

/**
 * Random weights, uniform in ±√(6 / (in + out)); what has no fan starts where its architecture says, biases at 0.
 *
 * Source: Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural networks", AISTATS 2010,
 * https://proceedings.mlr.press/v9/glorot10a.html, equation 16.
 */
export function initialWeights({ parameters }: Pick<Architecture, 'parameters'>, seed: number): Weights {
  const weights: Record<string, Float32Array> = {};
  for (const { name, shape, fan, start = 0 } of parameters) {
    const size = shape.reduce((product, side) => product * side, 1);
    if (fan === null) {
      weights[name] = new Float32Array(size).fill(start);
      continue;
    }
    const limit = Math.sqrt(6 / (fan.in + fan.out));
    weights[name] = exampleRandom(seed, `initial/${name}`)
      .uniform([0], 0, size)
      .map((u) => (2 * u - 1) * limit);
  }
  return weights;
}
