const formats = [0, 1, 2].map(
  (digits) => new Intl.NumberFormat('en', { minimumFractionDigits: digits, maximumFractionDigits: digits }),
);

/**
 * A fraction as a percentage without its sign, such as `0.9589` → `95.89`.
 *
 * @param examples how many outcomes it is a proportion of: a hundred do not carry a second decimal
 */
export function percentNumber(fraction: number, examples: number): string {
  return (examples >= 1000 ? formats[2] : formats[1])?.format(fraction * 100) ?? '';
}

/** @returns `95.89 %`, with a space that does not break */
export function percent(fraction: number, examples: number): string {
  return `${percentNumber(fraction, examples)}\u00a0%`;
}

/** @returns `94.4–97.0 %`: the interval of a proportion, or of a difference of two */
export function percentRange(low: number, high: number, examples: number): string {
  return `${range(low, high, (value) => percentNumber(value, examples))}\u00a0%`;
}

/** @returns `1–2`, or `-1 to 2`: beside a minus sign a dash would be read as another */
export function range(low: number, high: number, written: (value: number) => string): string {
  return [low, high].map(written).join(low < 0 ? ' to ' : '–');
}
