/** Weights that `export.py` computes likewise, so that no fixture has to store them. */
import type { Parameter } from '../../models/architecture.ts';

/** Numbers in [−1, 1) that differ from key to key: the index, times an odd number, mixed. Whole numbers of 32 bits throughout. */
function uniform(key: string, count: number): Float64Array {
  let seed = 2166136261;
  for (const character of key) seed = Math.imul(seed ^ character.charCodeAt(0), 16777619);
  const values = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    let h = Math.imul(i + seed, 0x9e3779b1);
    h = Math.imul(h ^ (h >>> 15), 0x85ebca77);
    h = Math.imul(h ^ (h >>> 13), 0xc2b2ae3d);
    values[i] = ((h ^ (h >>> 16)) >>> 0) / 2 ** 31 - 1;
  }
  return values;
}

/** A weight: around 1 for factors and variances, small for what is added, by the fan for what is multiplied. */
function weightOf(name: string, shape: readonly number[]): Float32Array {
  const size = (sides: readonly number[]) => sides.reduce((product, side) => product * side, 1);
  const u = uniform(name, size(shape));
  const last = name.slice(name.lastIndexOf('.') + 1);
  const limit = Math.sqrt(3 / size(shape.slice(1)));
  const map = (value: (u: number) => number) => Float32Array.from(u, value);
  if (last === 'centers') return map((v) => (v + 1) / 2);
  if (last === 'precisions') return map((v) => (v + 1) / 64);
  if (last === 'running_var' || (last === 'weight' && shape.length === 1)) return map((v) => 1 + v / 2);
  if (shape.length === 1 || last === 'cls_token' || last === 'pos_embed') return map((v) => v / 8);
  return map((v) => v * limit);
}

/** What a file of an architecture would hold, by name. */
export function formulaTensors(
  parameters: readonly Parameter[],
): Record<string, { shape: readonly number[]; data: Float32Array }> {
  return Object.fromEntries(parameters.map(({ name, shape }) => [name, { shape, data: weightOf(name, shape) }]));
}
