import { type Norm, project } from '../../projections.ts';
import type { ExampleRandom } from '../../random.ts';

/** Where in the ball to draw: anywhere, or on its surface as far as the pixel range lets it. */
export type Place = 'inside' | 'surface';

/**
 * A random point of the ball around each image, within the pixel range.
 *
 * L∞: uniform inside, a corner on the surface. L2: uniform. L1: a direction of normal values, its length as in L2. L0: so many random
 * values set to random ones, up to ε of them inside, and to 0 or 1, ε of them, on the surface.
 * @param x images, [n × size]
 * @param keys what the draws of each image are keyed by, [n]
 */
export function ballSamples(
  x: Float32Array,
  keys: Int32Array,
  norm: Norm,
  epsilon: number,
  place: Place,
  random: ExampleRandom,
  draw: number,
): Float32Array {
  const size = x.length / keys.length;
  const samples = x.slice();
  const uniform = random.uniform(keys, 2 * draw, size + 1);
  const normal = norm === 'L1' || norm === 'L2' ? random.normal(keys, 2 * draw + 1, size) : null;
  for (let row = 0; row < keys.length; row++) {
    const at = samples.subarray(row * size, (row + 1) * size);
    const u = uniform.subarray(row * (size + 1), (row + 1) * (size + 1));
    const last = u[size] as number;
    if (normal !== null) addDirection(at, normal.subarray(row * size, (row + 1) * size), norm, epsilon, place, last);
    else if (norm === 'L0') replaceValues(at, u, place === 'surface' ? epsilon : last * epsilon, place);
    else addUniform(at, u, epsilon, place);
  }
  project(x, samples, size, norm, epsilon);
  return samples;
}

function addUniform(at: Float32Array, u: Float32Array, epsilon: number, place: Place): void {
  for (let i = 0; i < at.length; i++) {
    const step = 2 * (u[i] as number) - 1;
    at[i] = (at[i] as number) + epsilon * (place === 'surface' ? Math.sign(step) : step);
  }
}

/** A ball of radius r holds r^size of the unit ball's volume. */
function addDirection(
  at: Float32Array,
  direction: Float32Array,
  norm: Norm,
  epsilon: number,
  place: Place,
  u: number,
): void {
  const length = norm === 'L1' ? direction.reduce((sum, value) => sum + Math.abs(value), 0) : Math.hypot(...direction);
  const radius = place === 'surface' ? epsilon : epsilon * u ** (1 / at.length);
  for (let i = 0; i < at.length; i++) at[i] = (at[i] as number) + (radius / length) * (direction[i] as number);
}

/** Changes the values whose draws are the smallest; the digits of a draw beyond that are its new value. */
function replaceValues(at: Float32Array, u: Float32Array, changes: number, place: Place): void {
  const order = [...at.keys()].sort((a, b) => (u[a] as number) - (u[b] as number));
  for (const i of order.slice(0, Math.floor(changes))) {
    const value = ((u[i] as number) * 2 ** 16) % 1;
    at[i] = place === 'surface' ? Math.round(value) : value;
  }
}
