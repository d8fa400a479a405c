import { proportion, wilson } from '../metrics/proportion.ts';

/** A number with its 95 % interval, and what it is a number of. */
export interface Estimate {
  readonly value: number;
  readonly low: number;
  readonly high: number;
  /** A share is a fraction of things counted, a mean one of fractions; anything else is a number in its own unit. */
  readonly unit: 'share' | 'number';
}

/** 97.5 % quantile of the standard normal distribution. */
const Z = 1.959963984540054;

/** A share of things counted, with its Wilson interval. */
export function share(successes: number, total: number): Estimate {
  return { ...proportion(successes, total), unit: 'share' };
}

/**
 * A share of things that hang together in groups, such as the classes that one image is attacked towards. Its interval is Wilson's of as many
 * things as would tell as much if they were drawn apart: their number by the design effect, which is the variance of the share over groups
 * by that of things apart, and at least 1. Where all came out alike the effect cannot be told, and a group counts as one thing.
 *
 * Source: Kish, "Survey Sampling", 1965, §2.5 (a ratio over groups) and §8.2 (design effect).
 *
 * @param groups [group][thing]: whether each came out so; nothing is known of no things
 */
export function groupedShare(groups: readonly (readonly boolean[])[]): Estimate {
  const counts = groups.map((group) => ({ size: group.length, hits: group.filter(Boolean).length }));
  const total = counts.reduce((sum, { size }) => sum + size, 0);
  if (total === 0) return share(0, 0);
  const p = counts.reduce((sum, { hits }) => sum + hits, 0) / total;
  const apart = (p * (1 - p)) / total;
  const n = groups.length;
  const grouped = counts.reduce((sum, { size, hits }) => sum + (hits - p * size) ** 2, 0) * (n / (n - 1) / total ** 2);
  const telling = apart === 0 || n === 1 ? n : total / Math.max(1, grouped / apart);
  return { ...wilson(p, telling), unit: 'share' };
}

/**
 * A mean with its interval mean ± 1.96 · s / √n, where s is the sample's standard deviation; one value has no spread and
 * stands for itself.
 */
export function mean(values: ArrayLike<number>, unit: Estimate['unit']): Estimate {
  const all = Array.from(values);
  const value = all.reduce((sum, one) => sum + one, 0) / all.length;
  if (all.length < 2) return { value, low: value, high: value, unit };
  const variance = all.reduce((sum, one) => sum + (one - value) ** 2, 0) / (all.length - 1);
  const half = Z * Math.sqrt(variance / all.length);
  return { value, low: value - half, high: value + half, unit };
}

/** 97.5 % quantiles of Student's t by degrees of freedom, of the small samples that there are. */
const student: Readonly<Record<number, number>> = { 2: 4.302652729911275, 9: 2.2621571627409915 };

/**
 * A mean of few values, of which the spread is known badly: as `mean`, with the quantile of Student's t.
 * @throws RangeError for a number of values of which the quantile is not listed
 */
export function meanOfFew(values: readonly number[], unit: Estimate['unit']): Estimate {
  const quantile = student[values.length - 1];
  if (quantile === undefined) throw new RangeError(`mean of ${values.length} values: no quantile is listed`);
  const { value, low } = mean(values, unit);
  const half = (quantile / Z) * (value - low);
  return { value, low: value - half, high: value + half, unit };
}

/**
 * A median with its 95 % interval from the order of the values: the ranks n/2 ∓ 1.96 · √n/2, which hold whatever the values are drawn from.
 */
export function median(values: ArrayLike<number>, unit: Estimate['unit']): Estimate {
  const sorted = Array.from(values).sort((a, b) => a - b);
  const n = sorted.length;
  const at = (rank: number) => sorted[Math.min(n - 1, Math.max(0, rank))] as number;
  const reach = (Z * Math.sqrt(n)) / 2;
  return {
    value: (at(Math.floor((n - 1) / 2)) + at(Math.ceil((n - 1) / 2))) / 2,
    low: at(Math.floor(n / 2 - reach)),
    high: at(Math.ceil(n / 2 + reach) - 1),
    unit,
  };
}

/**
 * How much larger the share of things is that are so afterwards than before, thing by thing: the mean of the changes.
 * @param things how many there are
 */
export function change(things: number, before: (i: number) => boolean, after: (i: number) => boolean): Estimate {
  return mean(
    Array.from({ length: things }, (_, i) => Number(after(i)) - Number(before(i))),
    'share',
  );
}

/**
 * How much more a share is than another, with the interval of a difference: that of Newcombe for shares, from both intervals, as of other things.
 * Of the same things it is too wide where they tend to come out alike.
 */
export function difference(a: Estimate, b: Estimate): Estimate {
  const value = a.value - b.value;
  const low = value - Math.hypot(a.value - a.low, b.high - b.value);
  const high = value + Math.hypot(a.high - a.value, b.value - b.low);
  return { value, low, high, unit: 'share' };
}

/** One mean by another: relative errors add as squares, as of other things. Of the same things that is too wide where they go together. */
export function quotient(a: Estimate, b: Estimate): Estimate {
  const value = a.value / b.value;
  const half = value * Math.hypot((a.high - a.value) / a.value, (b.high - b.value) / b.value);
  return { value, low: value - half, high: value + half, unit: 'number' };
}

/**
 * Pearson's correlation of two series, with the 95 % interval of Fisher's transformation, artanh r ± 1.96 / √(n − 3), which takes the points
 * for draws of a normal distribution. At least four points.
 */
export function correlation(xs: readonly number[], ys: readonly number[]): Estimate {
  const centred = (all: readonly number[]) => {
    const middle = all.reduce((sum, one) => sum + one, 0) / all.length;
    return all.map((one) => one - middle);
  };
  const [dx, dy] = [centred(xs), centred(ys)];
  const dot = (a: readonly number[], b: readonly number[]) =>
    a.reduce((sum, one, i) => sum + one * (b[i] as number), 0);
  const value = dot(dx, dy) / Math.sqrt(dot(dx, dx) * dot(dy, dy));
  const half = Z / Math.sqrt(xs.length - 3);
  const at = (shift: number) => Math.tanh(Math.atanh(value) + shift);
  return { value, low: at(-half), high: at(half), unit: 'number' };
}

/** A number as printed, of which no more is known than that it was rounded: the interval is half a unit of its last digit either way. */
export function rounded(printed: string, unit: Estimate['unit']): Estimate {
  const decimals = printed.split('.')[1]?.length ?? 0;
  const scale = unit === 'share' ? 100 : 1;
  const value = Number(printed) / scale;
  const half = (0.5 * 10 ** -decimals) / scale;
  // Nothing that is printed here can be negative, and no share is above 1.
  return {
    value,
    low: Math.max(0, value - half),
    high: unit === 'share' ? Math.min(1, value + half) : value + half,
    unit,
  };
}
