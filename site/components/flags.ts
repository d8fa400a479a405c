import type { Flag } from '#core/result.ts';

export type Level = Flag['level'];

/** Gravest first. */
export const levels: readonly Level[] = ['failure', 'warning', 'info'];

/** A sign that differs in shape, so that nothing hangs on its colour. */
export const signs: Readonly<Record<Level, string>> = { failure: '✕', warning: '▲', info: 'i' };

/** How many of each level there are, gravest first, without those that there are none of. */
export function countFlags(flags: readonly Flag[]): { readonly level: Level; readonly count: number }[] {
  return levels
    .map((level) => ({ level, count: flags.filter((flag) => flag.level === level).length }))
    .filter(({ count }) => count > 0);
}

/** `2 warnings`, for those who do not see the sign. */
export function flagWords(level: Level, count: number): string {
  const nouns = {
    failure: ['failure', 'failures'],
    warning: ['warning', 'warnings'],
    info: ['note', 'notes'],
  } as const;
  return `${count} ${nouns[level][count === 1 ? 0 : 1]}`;
}

/** A number that sorts rows by how grave their flags are. */
export function gravity(flags: readonly Flag[]): number {
  const weight = { failure: 1_000_000, warning: 1_000, info: 1 };
  return flags.reduce((sum, { level }) => sum + weight[level], 0);
}
