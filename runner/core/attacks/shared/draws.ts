import type { ExampleRandom } from '../../random.ts';

/** Draws of one example, each with a number of its own. */
export interface Draws {
  /** Uniform in [−1, 1], in 256 equally likely levels; [count × size] of one draw. */
  uniform(count: number): Float32Array;
  /** N(0, 1), in 256 equally likely levels; [count × size] of one draw. */
  normal(count: number): Float32Array;
}

const LEVELS = 256;
/** The middles of 256 intervals of [−1, 1]. */
const uniformLevels = Float32Array.from({ length: LEVELS }, (_, i) => (2 * (i + 0.5)) / LEVELS - 1);
/** The middles, by probability, of 256 equally likely intervals of N(0, 1), scaled to variance 1. */
const normalLevels = scaledToOne(Float64Array.from({ length: LEVELS }, (_, i) => normalQuantile((i + 0.5) / LEVELS)));

/**
 * @param example index in its data set
 * @param size values per image
 */
export function drawsOf(random: ExampleRandom, example: number, size: number): Draws {
  let draw = 0;
  const levels = (table: Float32Array, count: number) => {
    const bytes = random.bytes([example], draw++, count * size);
    const values = new Float32Array(bytes.length);
    for (let i = 0; i < bytes.length; i++) values[i] = table[bytes[i] as number] as number;
    return values;
  };
  return {
    uniform: (count) => levels(uniformLevels, count),
    normal: (count) => levels(normalLevels, count),
  };
}

function scaledToOne(values: Float64Array): Float32Array {
  const variance = values.reduce((sum, value) => sum + value * value, 0) / values.length;
  return Float32Array.from(values, (value) => value / Math.sqrt(variance));
}

/** Inverse of the distribution function of N(0, 1), by bisection of its integral. */
function normalQuantile(probability: number): number {
  let [low, high] = [-6, 6];
  while (high - low > 1e-9) {
    const middle = (low + high) / 2;
    if (normalBelow(middle) < probability) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** Probability of N(0, 1) below z: ½ + φ(z) · Σ z^(2k+1) / (1 · 3 · … · (2k+1)), Marsaglia's series. */
function normalBelow(z: number): number {
  let sum = z;
  for (let term = z, k = 3; Math.abs(term) > 1e-16 * Math.abs(sum); k += 2) {
    term *= (z * z) / k;
    sum += term;
  }
  return 0.5 + (sum * Math.exp((-z * z) / 2)) / Math.sqrt(2 * Math.PI);
}
