/** Hops from feature to best partner in looking for a good pair before the others are measured against it. */
const HOPS = 3;

/** Relative slack on a bound that rounding may have lowered. */
const SLACK = 1e-12;

/** Two features by index, the lower one first. */
export type Pair = readonly [p: number, q: number];

/**
 * Exact search for the pair p < q with the largest A·B, where A = gain[p] + gain[q] and B = loss[p] + loss[q] are above 0.
 *
 * Once some pair is known to be good, with score S, a feature is out if no partner could lift it to S, by either of
 *   A·B ≤ (gain[p] + max gain) · (loss[p] + max loss), and
 *   2·√(A·B) ≤ λA + B/λ ≤ s[p] + max s, where s = λ·gain + loss/λ, for any λ > 0; λ² = B/A of the good pair.
 * What is left, a few dozen of hundreds, is searched in full. Both bounds hold of the computed numbers too, so the result is
 * that of the loop over all pairs, and of equal pairs the first in the order of (p, q).
 *
 * The saliency map of JSMA is this with gain = ∂F_target and loss = −Σ ∂F_others.
 * @param size number of features
 * @returns a function that searches one image; it remembers nothing of earlier ones, it only owns the room to work in
 */
export function pairSearch(size: number): PairSearch {
  const room: Candidates = {
    gains: new Float64Array(size),
    losses: new Float64Array(size),
    features: new Int32Array(size),
    count: 0,
    gainMax: 0,
    lossMax: 0,
  };
  return (gain, loss, open, sign) => {
    collect(room, gain, loss, open, sign);
    keepPromising(room, goodPair(room));
    return bestOfAll(room);
  };
}

/** Features in the search, by position, in the order of their index. */
interface Candidates {
  readonly gains: Float64Array;
  readonly losses: Float64Array;
  readonly features: Int32Array;
  count: number;
  gainMax: number;
  lossMax: number;
}

/** Sums of a pair; the score is their product. */
interface Sums {
  readonly gain: number;
  readonly loss: number;
}

/**
 * @param gain a value per feature
 * @param loss a value per feature
 * @param open 1 for the features that may be chosen
 * @param sign 1, or −1 to search with the sign of both turned
 * @returns the best pair, or null when no pair has both sums above 0
 */
export type PairSearch = (gain: Float32Array, loss: Float32Array, open: Uint8Array, sign: 1 | -1) => Pair | null;

function collect(room: Candidates, gain: Float32Array, loss: Float32Array, open: Uint8Array, sign: 1 | -1) {
  const { gains, losses, features } = room;
  let count = 0;
  let gainMax = Number.NEGATIVE_INFINITY;
  let lossMax = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < open.length; i++) {
    if (open[i] === 0) continue;
    const a = sign * (gain[i] as number);
    const b = sign * (loss[i] as number);
    // False for NaN and infinities: such a feature is not in the search.
    if (!(a - a === 0 && b - b === 0)) continue;
    if (a > gainMax) gainMax = a;
    if (b > lossMax) lossMax = b;
    gains[count] = a;
    losses[count] = b;
    features[count++] = i;
  }
  room.count = count;
  room.gainMax = gainMax;
  room.lossMax = lossMax;
}

/** A good pair, if not the best: hops first from the feature with the largest product bound, then from that with the largest s. */
function goodPair(room: Candidates): Sums {
  const { gains, losses, count, gainMax, lossMax } = room;
  let from = -1;
  let bound = 0;
  for (let i = 0; i < count; i++) {
    const a = (gains[i] as number) + gainMax;
    const b = (losses[i] as number) + lossMax;
    if (a > 0 && b > 0 && a * b > bound) {
      bound = a * b;
      from = i;
    }
  }
  const first = hop(room, from, { gain: 0, loss: 0 });
  if (first.gain === 0) return first;
  const lambda = Math.sqrt(first.loss / first.gain);
  let largest = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < count; i++) {
    const s = lambda * (gains[i] as number) + (losses[i] as number) / lambda;
    if (s > largest) {
      largest = s;
      from = i;
    }
  }
  return hop(room, from, first);
}

/** From a feature to its best partner, and on from there, as long as that beats `found`. */
function hop({ gains, losses, count }: Candidates, from: number, found: Sums): Sums {
  let { gain, loss } = found;
  let position = from;
  for (let round = 0; round < HOPS && position >= 0; round++) {
    const a = gains[position] as number;
    const b = losses[position] as number;
    let partner = -1;
    for (let i = 0; i < count; i++) {
      const sumA = a + (gains[i] as number);
      const sumB = b + (losses[i] as number);
      if (i !== position && sumA > 0 && sumB > 0 && sumA * sumB > gain * loss) {
        gain = sumA;
        loss = sumB;
        partner = i;
      }
    }
    position = partner;
  }
  return { gain, loss };
}

/** Drops the features that no partner can lift to the score of a pair that is known. */
function keepPromising(room: Candidates, known: Sums) {
  const { gains, losses, features, count, gainMax, lossMax } = room;
  const floor = known.gain * known.loss;
  // Without a known pair λ is NaN, and the second bound drops nothing.
  const lambda = Math.sqrt(known.loss / known.gain);
  let largest = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < count; i++) {
    largest = Math.max(largest, lambda * (gains[i] as number) + (losses[i] as number) / lambda);
  }
  const least = 2 * Math.sqrt(floor) - largest;
  let kept = 0;
  for (let i = 0; i < count; i++) {
    const a = gains[i] as number;
    const b = losses[i] as number;
    const sumA = a + gainMax;
    const sumB = b + lossMax;
    if (!(sumA > 0 && sumB > 0 && sumA * sumB >= floor)) continue;
    const slack = SLACK * (Math.abs(lambda * a) + Math.abs(b / lambda) + Math.abs(largest));
    if (lambda * a + b / lambda + slack < least) continue;
    gains[kept] = a;
    losses[kept] = b;
    features[kept++] = features[i] as number;
  }
  room.count = kept;
}

function bestOfAll({ gains, losses, features, count }: Candidates): Pair | null {
  let best = 0;
  let bestP = -1;
  let bestQ = -1;
  for (let p = 0; p < count; p++) {
    const a = gains[p] as number;
    const b = losses[p] as number;
    for (let q = p + 1; q < count; q++) {
      const sumA = a + (gains[q] as number);
      const sumB = b + (losses[q] as number);
      if (sumA > 0 && sumB > 0 && sumA * sumB > best) {
        best = sumA * sumB;
        bestP = p;
        bestQ = q;
      }
    }
  }
  return bestP < 0 ? null : [features[bestP] as number, features[bestQ] as number];
}

/**
 * The same where loss = gain, feature by feature: the two largest, if their sum is above 0; of equal ones the first.
 * Values that are NaN are not chosen.
 */
export function twoLargest(gain: Float32Array, open: Uint8Array, sign: 1 | -1): Pair | null {
  let first = Number.NEGATIVE_INFINITY;
  let second = Number.NEGATIVE_INFINITY;
  let p = -1;
  let q = -1;
  for (let i = 0; i < gain.length; i++) {
    if (open[i] === 0) continue;
    const value = sign * (gain[i] as number);
    if (value > first) {
      second = first;
      q = p;
      first = value;
      p = i;
    } else if (value > second) {
      second = value;
      q = i;
    }
  }
  if (!(first + second > 0)) return null;
  return p < q ? [p, q] : [q, p];
}
