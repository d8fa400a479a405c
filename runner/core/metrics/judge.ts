/**
 * What counts: the one rule by which attacks stop, results are counted, evidence is verified and the lab shows success.
 * Distances are in float64 on the float32 values that are stored.
 */
import { BALL_TOLERANCE, type Norm } from '../projections.ts';

/** Prediction of a row whose largest logit is tied or that holds a value that is not finite: never a class. */
export const NO_CLASS = -1;

/**
 * @param logits class scores, [rows × classes]
 * @returns the class of the largest logit of each row; `NO_CLASS` for a tie or a row that is not finite
 */
export function predictions(logits: Float32Array, classes: number): Int32Array {
  const result = new Int32Array(logits.length / classes);
  for (let row = 0; row < result.length; row++) {
    let best = Number.NEGATIVE_INFINITY;
    let prediction = NO_CLASS;
    for (let c = 0; c < classes; c++) {
      const value = logits[row * classes + c] as number;
      if (!Number.isFinite(value)) {
        prediction = NO_CLASS;
        break;
      }
      if (value > best) {
        best = value;
        prediction = c;
      } else if (value === best) prediction = NO_CLASS;
    }
    result[row] = prediction;
  }
  return result;
}

/** Rows with a logit that is NaN or infinite: 1, others 0. */
export function nonFiniteRows(logits: Float32Array, classes: number): Uint8Array {
  const result = new Uint8Array(logits.length / classes);
  for (let i = 0; i < logits.length; i++) {
    if (!Number.isFinite(logits[i] as number)) result[Math.floor(i / classes)] = 1;
  }
  return result;
}

/**
 * Whether each row's logits mean success for the attacker: another class than `y`, or `target` where there is one.
 * Logits that are not finite always do, so that a model cannot hide behind them; a tie is a wrong answer but reaches no target.
 * @param logits class scores, [rows × classes]
 */
export function adversarial(
  logits: Float32Array,
  classes: number,
  y: ArrayLike<number>,
  target: ArrayLike<number> | null,
): Uint8Array {
  const result = nonFiniteRows(logits, classes);
  const predicted = predictions(logits, classes);
  for (let row = 0; row < result.length; row++) {
    const reached = target === null ? predicted[row] !== y[row] : predicted[row] === target[row];
    if (reached) result[row] = 1;
  }
  return result;
}

/**
 * Distance of each row of `xAdv` from its row of `x`. L0 counts changed values.
 * @param size values per row
 */
export function distances(x: Float32Array, xAdv: Float32Array, size: number, norm: Norm): Float64Array {
  const result = new Float64Array(x.length / size);
  for (let row = 0; row < result.length; row++) {
    let sum = 0;
    for (let i = row * size; i < (row + 1) * size; i++) {
      const change = Math.abs((xAdv[i] as number) - (x[i] as number));
      if (norm === 'L0') sum += change === 0 ? 0 : 1;
      else if (norm === 'L1') sum += change;
      else if (norm === 'L2') sum += change * change;
      else if (change > sum || Number.isNaN(change)) sum = change;
    }
    result[row] = norm === 'L2' ? Math.sqrt(sum) : sum;
  }
  return result;
}

/** Whether a distance is within the ball, up to rounding; false for NaN. */
export function inBall(distance: number, epsilon: number): boolean {
  return distance <= epsilon * (1 + BALL_TOLERANCE);
}

/** Whether each row's pixels all lie in [0, 1]; a NaN does not. */
export function inBox(xAdv: Float32Array, size: number): Uint8Array {
  const result = new Uint8Array(xAdv.length / size).fill(1);
  for (let i = 0; i < xAdv.length; i++) {
    const value = xAdv[i] as number;
    if (!(value >= 0 && value <= 1)) result[Math.floor(i / size)] = 0;
  }
  return result;
}
