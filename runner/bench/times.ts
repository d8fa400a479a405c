import { median } from '#core/metrics/median.ts';

/** How long something took once. */
export interface Taken {
  readonly milliseconds: number;
  /** Time of all cores together, which other work on the machine changes less. */
  readonly coreMilliseconds: number;
}

/** Milliseconds over some rounds. */
export interface Times {
  readonly median: number;
  readonly least: number;
  /** Median of the time of all cores together. */
  readonly cores: number;
}

/** Rounds before those that count. */
export const WARM_UP = 2;

/** Threads of a process that has just worked look for more work for a while, at the cost of whoever comes next. */
export const REST_MS = 30;

export function timesOf(taken: readonly Taken[]): Times {
  const clock = taken.map(({ milliseconds }) => milliseconds);
  const cores = median(taken.map(({ coreMilliseconds }) => coreMilliseconds)) as number;
  return { median: median(clock) as number, least: Math.min(...clock), cores };
}

/** One time over another, median of the rounds: in each of them both ran one after the other. */
export function ratio(over: readonly Taken[], under: readonly Taken[], of: keyof Taken): number {
  return median(over.map((taken, i) => taken[of] / (under[i] as Taken)[of])) as number;
}
