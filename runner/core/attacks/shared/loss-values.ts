import type { AttackLoss } from '../../losses.ts';

/** Keeps a ratio of logit differences finite where they are all equal; as in `losses.ts`. */
const TINY = 1e-12;
/** What the rescaled cross-entropy makes of z(1) − z(3); as in `losses.ts`. */
const SPREAD = 10;

/**
 * Values of `attackLoss`, row by row, in float64 from logits that are on the host anyway: it spares the device a dozen small
 * ops a step, and tells losses apart that are all 0 in float32, such as the cross-entropy of a net that is sure of its class.
 * @param logits class scores, [rows × classes]
 * @param y true class of each row
 * @param target class to reach for each row, or null
 * @returns what the attack increases, [rows]; NaN where the logits are not finite
 */
export function lossValues(
  kind: AttackLoss,
  logits: Float32Array,
  classes: number,
  y: Int32Array,
  target: Int32Array | null,
): Float64Array {
  const values = new Float64Array(y.length);
  const top = new Float64Array(4);
  for (let row = 0; row < y.length; row++) {
    const z = logits.subarray(row * classes, (row + 1) * classes);
    const own = y[row] as number;
    const goal = target === null ? null : (target[row] as number);
    if (kind !== 'ce') largest(z, top);
    values[row] = loss(kind, z, own, goal, top);
  }
  return values;
}

/** @param top the largest logits, in order; not looked at for cross-entropy */
function loss(kind: AttackLoss, z: Float32Array, own: number, goal: number | null, top: Float64Array): number {
  const [first, second, third, fourth] = top as unknown as [number, number, number, number];
  switch (kind) {
    case 'ce':
      return goal === null ? crossEntropy(z, own, 1) : -crossEntropy(z, goal, 1);
    case 'rescaled-ce': {
      const scale = SPREAD / (first - third + TINY);
      return goal === null ? crossEntropy(z, own, scale) : -crossEntropy(z, goal, scale);
    }
    case 'margin': {
      const mine = z[goal ?? own] as number;
      const lead = mine - (mine === first ? second : first);
      return goal === null ? -lead : lead;
    }
    case 'dlr': {
      const mine = z[own] as number;
      if (goal === null) return -(mine - (mine === first ? second : first)) / (first - third + TINY);
      return -(mine - (z[goal] as number)) / (first - (third + fourth) / 2 + TINY);
    }
  }
}

/** −log softmax(scale · z)[label], exact down to the smallest numbers where the label is far ahead. */
function crossEntropy(z: Float32Array, label: number, scale: number): number {
  let best = Number.NEGATIVE_INFINITY;
  for (let c = 0; c < z.length; c++) if (c !== label) best = Math.max(best, z[c] as number);
  const own = z[label] as number;
  const ahead = own > best;
  const from = ahead ? own : best;
  let others = 0;
  for (let c = 0; c < z.length; c++) if (c !== label) others += Math.exp(scale * ((z[c] as number) - from));
  if (ahead) return Math.log1p(others);
  return scale * (from - own) + Math.log(others + Math.exp(scale * (own - from)));
}

/** Writes the largest logits into `top`, in order; NaN throughout if there is one. */
function largest(z: Float32Array, top: Float64Array): void {
  top.fill(Number.NEGATIVE_INFINITY);
  for (let c = 0; c < z.length; c++) {
    const value = z[c] as number;
    if (Number.isNaN(value)) {
      top.fill(Number.NaN);
      return;
    }
    let place = top.length - 1;
    if (value <= (top[place] as number)) continue;
    while (place > 0 && (top[place - 1] as number) < value) {
      top[place] = top[place - 1] as number;
      place--;
    }
    top[place] = value;
  }
}
