import { hyperplaneProjector } from './hyperplane.ts';
import type { ConvexNorm } from './row-norms.ts';

/** Keeps the ratio of two distances that are both 0 finite. */
const TINY = 1e-8;

/** One step of one image, in place. @returns whether the plane led anywhere */
export type FabStep = (
  x: Float32Array,
  xAdv: Float32Array,
  normal: Float32Array,
  value: number,
  succeeded: boolean,
) => boolean;

/**
 * The step of FAB: xAdv ← (1 − α) · (xAdv + η·d) + α · (x + η·d0), where d and d0 lead from xAdv and from x onto the plane, within
 * the pixel range, and α = |d| / (|d| + |d0|), at most `alphaMax`. A success is first taken back to x + β · (xAdv − x).
 *
 * Source: Croce & Hein, https://arxiv.org/abs/1907.02044, algorithm 1.
 * @param size values per image
 * @param options `overshoot` is η, `backward` β
 * @returns the step, given the plane's normal and the value at xAdv of the function that is 0 on it
 */
export function fabStepper(
  size: number,
  norm: ConvexNorm,
  { alphaMax, overshoot, backward }: { alphaMax: number; overshoot: number; backward: number },
): FabStep {
  const project = hyperplaneProjector(size, norm);
  const near = new Float64Array(size);
  const far = new Float64Array(size);
  return (x, xAdv, normal, value, succeeded) => {
    let slope = 0;
    for (let i = 0; i < size; i++) {
      const w = normal[i] as number;
      if (w - w === 0) slope += w * ((x[i] as number) - (xAdv[i] as number));
    }
    if (succeeded) {
      for (let i = 0; i < size; i++) {
        const clean = x[i] as number;
        xAdv[i] = clean + backward * ((xAdv[i] as number) - clean);
      }
    }
    const here = project(xAdv, normal, succeeded ? value + (1 - backward) * slope : value, near);
    const there = project(x, normal, value + slope, far);
    const alpha = Math.min(alphaMax, Math.max(here, TINY) / (Math.max(here, TINY) + Math.max(there, TINY)));
    for (let i = 0; i < size; i++) {
      const forward = (xAdv[i] as number) + overshoot * (near[i] as number);
      const biased = (x[i] as number) + overshoot * (far[i] as number);
      const next = (1 - alpha) * forward + alpha * biased;
      xAdv[i] = next < 0 ? 0 : next > 1 ? 1 : next;
    }
    return here > 0 || there > 0;
  };
}

/** Distance between two images, in float64 on their float32 values, as the judge measures it. */
export function distanceIn(norm: ConvexNorm, x: Float32Array, xAdv: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < x.length; i++) {
    const change = Math.abs((xAdv[i] as number) - (x[i] as number));
    if (norm === 'Linf') sum = change > sum ? change : sum;
    else sum += norm === 'L2' ? change * change : change;
  }
  return norm === 'L2' ? Math.sqrt(sum) : sum;
}
