/** A minimiser that is asked and told, so that many of them can share the passes of a model. */
export interface BoxDescent {
  /** Where the function is to be evaluated next; once it is done, the lowest point found. In [0, 1]. */
  readonly point: Float64Array;
  readonly done: boolean;
  /** Takes in the function's value and gradient at `point`; a value that is not a number counts as too high. */
  tell(value: number, gradient: ArrayLike<number>): void;
}

export interface BoxDescentOptions {
  /** Steps after which it is done. */
  readonly maxIterations: number;
  /** Pairs of steps and changes of the gradient that are remembered. */
  readonly memory: number;
  /** It is done when a step lowers the value by less than this share of it. */
  readonly tolerance: number;
}

interface Pair {
  readonly step: Float64Array;
  readonly change: Float64Array;
}

/** Share of the decrease that the gradient promises which a step must bring. */
const ARMIJO = 1e-4;
/** Trials of a step before it is given up. */
const TRIALS = 20;

/**
 * Projected L-BFGS within the box [0, 1]: values at an end of the range that the gradient pushes against are held, the others move by the
 * quasi-Newton direction of the remembered pairs, taken over them alone; the step is shortened until, clipped to the box, it lowers the
 * value as it should.
 *
 * Source: Nocedal & Wright, "Numerical Optimization", 2nd ed. 2006, https://doi.org/10.1007/978-0-387-40065-5, algorithm 7.4 for the
 * direction; Bertsekas, "Projected Newton Methods for Optimization Problems with Simple Constraints", 1982,
 * https://doi.org/10.1137/0320018, for the values that are held and the search along the clipped path.
 */
export function boxDescent(start: ArrayLike<number>, options: BoxDescentOptions): BoxDescent {
  let base: Float64Array = Float64Array.from(start);
  let value = Number.POSITIVE_INFINITY;
  let gradient: Float64Array = new Float64Array(base.length);
  let direction = gradient;
  let scale = 1;
  let trial = 0;
  let iteration = 0;
  const pairs: Pair[] = [];
  const descent: { point: Float64Array; done: boolean; tell: typeof tell } = { point: base, done: false, tell };

  function finish() {
    descent.point = base;
    descent.done = true;
  }

  function propose() {
    descent.point = base.map((v, i) => Math.min(1, Math.max(0, v + scale * (direction[i] as number))));
  }

  /** From a new base: chooses a direction, or is done. */
  function begin() {
    const free = base.map((v, i) => {
      const slope = gradient[i] as number;
      return (v <= 0 && slope > 0) || (v >= 1 && slope < 0) ? 0 : 1;
    });
    const steepest = gradient.map((slope, i) => slope * (free[i] as number));
    if (!(dot(steepest, steepest) > 0)) return finish();
    direction = quasiNewton(steepest, pairs, free);
    scale = 1;
    if (!(dot(direction, gradient) < 0)) direction = steepest.map((slope) => -slope);
    // Nothing is known of the curvature yet: no value moves by more than a tenth of the range.
    if (pairs.length === 0) scale = Math.min(1, 0.1 / Math.max(...steepest.map(Math.abs)));
    trial = 0;
    propose();
  }

  function tell(told: number, slopes: ArrayLike<number>) {
    const { point } = descent;
    const first = iteration === 0;
    const step = point.map((v, i) => v - (base[i] as number));
    const promised = dot(gradient, step);
    if (first ? !Number.isFinite(told) : !(told <= value + ARMIJO * promised)) {
      // The parabola through the old value, its slope and the new one, kept within a tenth and a half.
      const curved = -promised / (2 * (told - value - promised));
      scale *= Math.min(0.5, Math.max(0.1, Number.isFinite(curved) ? curved : 0.1));
      if (first || ++trial >= TRIALS) finish();
      else propose();
      return;
    }
    const next = Float64Array.from(slopes);
    if (!first) {
      const change = next.map((slope, i) => slope - (gradient[i] as number));
      if (dot(step, change) > 1e-10 * dot(change, change)) pairs.push({ step, change });
      if (pairs.length > options.memory) pairs.shift();
    }
    const small = !first && value - told <= options.tolerance * Math.max(Math.abs(value), Math.abs(told));
    [base, value, gradient] = [point, told, next];
    if (small || iteration++ >= options.maxIterations) finish();
    else begin();
  }

  return descent;
}

/** −H · gradient over the free values, by the two loops of L-BFGS. */
function quasiNewton(steepest: Float64Array, pairs: readonly Pair[], free: Float64Array): Float64Array {
  const over = (a: Float64Array, b: Float64Array) => {
    let sum = 0;
    for (let i = 0; i < a.length; i++) sum += (free[i] as number) * (a[i] as number) * (b[i] as number);
    return sum;
  };
  const result = steepest.map((slope) => -slope);
  const used = pairs.filter(({ step, change }) => over(step, change) > 0);
  const shares: number[] = [];
  for (const { step, change } of used.toReversed()) {
    const share = over(step, result) / over(step, change);
    for (let i = 0; i < result.length; i++) result[i] = (result[i] as number) - share * (change[i] as number);
    shares.push(share);
  }
  const last = used.at(-1);
  const size = last === undefined ? 1 : over(last.step, last.change) / over(last.change, last.change);
  for (let i = 0; i < result.length; i++) result[i] = (result[i] as number) * size;
  for (const { step, change } of used) {
    const share = (shares.pop() as number) - over(change, result) / over(step, change);
    for (let i = 0; i < result.length; i++) result[i] = (result[i] as number) + share * (step[i] as number);
  }
  return result.map((v, i) => v * (free[i] as number));
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] as number);
  return sum;
}
