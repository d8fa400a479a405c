import type { ConvexNorm } from './row-norms.ts';

/**
 * @param point an image, [size], in [0, 1]
 * @param normal w, [size]; a value that is not finite counts as 0
 * @param gap w · point − b, with its sign
 * @param change receives d, [size]
 * @returns length of d in the norm
 */
export type Projector = (point: Float32Array, normal: Float32Array, gap: number, change: Float64Array) => number;

/**
 * The smallest change, in L∞, L2 or L1, that takes an image onto a hyperplane without leaving the pixel range: it minimises |d|
 * subject to w · d = −gap and 0 ≤ point + d ≤ 1. Where no image of the range lies on the plane, d goes to the corner nearest to it.
 *
 * Every value can move towards the plane by its room r up to the end of the range, and closes |w| of the gap per unit.
 * L∞: |d| = min(λ, r) for the λ at which Σ |w| |d| = |gap|; L2: |d| = min(λ |w|, r). Both sums are concave and piecewise linear in
 * λ, so Newton's method from 0 rises to the root and ends on its piece after a few steps, without sorting. L1: values of
 * the largest |w| go to the end of the range first; the |w| at which the gap is closed is found by halving what is left to choose from.
 *
 * Works on the host in float64: two or three passes over an image cost less there than as many dozens of kernels on a device,
 * and give the same bits on every backend.
 *
 * Source of the problem: Croce & Hein, "Minimally distorted Adversarial Examples with a Fast Adaptive Boundary Attack",
 * ICML 2020, https://arxiv.org/abs/1907.02044, eq. 4, where it is solved by sorting.
 * @param size values per image
 * @returns the function; it remembers nothing of earlier images, it only owns the room to work in
 */
export function hyperplaneProjector(size: number, norm: ConvexNorm): Projector {
  const speed = new Float64Array(size);
  const room = new Float64Array(size);
  const order = new Int32Array(size);
  return (point, normal, gap, change) => {
    let reachable = 0;
    for (let i = 0; i < size; i++) {
      const w = normal[i] as number;
      // False for NaN and infinities.
      const finite = w - w === 0;
      const value = point[i] as number;
      speed[i] = finite ? Math.abs(w) : 0;
      room[i] = speed[i] === 0 ? 0 : w > 0 === gap > 0 ? value : 1 - value;
      reachable += (speed[i] as number) * (room[i] as number);
    }
    const goal = Math.abs(gap);
    if (!(goal > 0)) change.fill(0);
    else if (goal >= reachable) change.set(room);
    else if (norm === 'L1') greedy(speed, room, goal, order, change);
    else {
      const multiplier = norm === 'Linf' ? commonStep(speed, room, goal) : commonScale(speed, room, goal);
      for (let i = 0; i < size; i++) {
        const wish = norm === 'Linf' ? multiplier : multiplier * (speed[i] as number);
        const most = room[i] as number;
        change[i] = wish < most ? wish : most;
      }
    }
    return directed(normal, gap, change, norm);
  };
}

/** Gives sizes their signs. @returns their length */
function directed(normal: Float32Array, gap: number, change: Float64Array, norm: ConvexNorm): number {
  let length = 0;
  for (let i = 0; i < change.length; i++) {
    const size = change[i] as number;
    if (norm === 'Linf') length = size > length ? size : length;
    else length += norm === 'L2' ? size * size : size;
    if ((normal[i] as number) > 0 === gap > 0) change[i] = 0 - size;
  }
  return norm === 'L2' ? Math.sqrt(length) : length;
}

/** L∞: the λ at which Σ speed · min(λ, room) is the goal. */
function commonStep(speed: Float64Array, room: Float64Array, goal: number): number {
  let multiplier = 0;
  for (;;) {
    let left = goal;
    let growth = 0;
    for (let i = 0; i < speed.length; i++) {
      if ((room[i] as number) > multiplier) growth += speed[i] as number;
      else left -= (speed[i] as number) * (room[i] as number);
    }
    const next = left / growth;
    // No longer rising: the same values move as before, or rounding has the last word.
    if (!(next > multiplier && next < Number.POSITIVE_INFINITY)) return multiplier;
    multiplier = next;
  }
}

/** L2: the λ at which Σ speed · min(λ · speed, room) is the goal. */
function commonScale(speed: Float64Array, room: Float64Array, goal: number): number {
  let multiplier = 0;
  for (;;) {
    let left = goal;
    let growth = 0;
    for (let i = 0; i < speed.length; i++) {
      const s = speed[i] as number;
      if ((room[i] as number) > multiplier * s) growth += s * s;
      else left -= s * (room[i] as number);
    }
    const next = left / growth;
    if (!(next > multiplier && next < Number.POSITIVE_INFINITY)) return multiplier;
    multiplier = next;
  }
}

/** L1: whole rooms in the order of falling speed until the goal is reached, the last one in part. */
function greedy(speed: Float64Array, room: Float64Array, goal: number, order: Int32Array, sizes: Float64Array): void {
  sizes.fill(0);
  for (let i = 0; i < order.length; i++) order[i] = i;
  let from = 0;
  let to = order.length;
  let left = goal;
  // Those before `from` are used up, those from `to` on are not needed.
  while (to - from > 1) {
    const pivot = speed[order[(from + to) >> 1] as number] as number;
    let gained = 0;
    // Three parts: faster than the pivot, as fast, slower.
    let fast = from;
    let slow = to;
    for (let k = from; k < slow; ) {
      const i = order[k] as number;
      const s = speed[i] as number;
      if (s > pivot) {
        gained += s * (room[i] as number);
        swap(order, fast++, k++);
      } else if (s < pivot) swap(order, k, --slow);
      else k++;
    }
    if (gained >= left) {
      to = fast;
      continue;
    }
    left -= gained;
    for (let k = from; k < fast; k++) sizes[order[k] as number] = room[order[k] as number] as number;
    for (from = fast; from < slow; from++) {
      const i = order[from] as number;
      const gain = pivot * (room[i] as number);
      if (gain >= left) {
        sizes[i] = left / pivot;
        return;
      }
      sizes[i] = room[i] as number;
      left -= gain;
    }
  }
  const last = order[from];
  if (from < to && last !== undefined) sizes[last] = Math.min(room[last] as number, left / (speed[last] as number));
}

function swap(order: Int32Array, a: number, b: number): void {
  const held = order[a] as number;
  order[a] = order[b] as number;
  order[b] = held;
}
