import { ParapetError } from '#core/errors.ts';
import { mutated } from './mutate.ts';
import type { Target } from './targets.ts';

/**
 * An input may take this long, in milliseconds of processor time (a machine may be busy with other things), and the process this much
 * room beside what it began with, in bytes.
 */
const LONGEST = 5000;
const MOST_ROOM = 2e9;

export interface Outcome {
  readonly read: number;
  readonly refused: number;
  /** Inputs that ended otherwise, by their index, and how. */
  readonly failures: readonly string[];
  /** Milliseconds of processor time. */
  readonly slowest: number;
}

/**
 * Gives damaged files to a reader.
 * @param first index of the first damage; the same seed and index give the same file
 * @param progress is told how many are done, now and then
 */
export async function fuzz(
  target: Target,
  seed: number,
  first: number,
  count: number,
  progress?: (done: number) => void,
): Promise<Outcome> {
  const failures: string[] = [];
  const room = process.memoryUsage().rss;
  let [read, refused, slowest] = [0, 0, 0];
  for (let index = first; index < first + count; index++) {
    const file = target.seeds[index % target.seeds.length] as Uint8Array;
    const start = process.cpuUsage();
    try {
      await target.read(mutated(file, target.seeds, seed, index));
      read++;
    } catch (error) {
      if (error instanceof ParapetError && error.kind === 'submission') refused++;
      else failures.push(`${target.name} ${seed}:${index}: ${String(error).slice(0, 300)}`);
    }
    const { user, system } = process.cpuUsage(start);
    const took = (user + system) / 1000;
    slowest = Math.max(slowest, took);
    if (took > LONGEST) failures.push(`${target.name} ${seed}:${index}: took ${Math.round(took)} ms`);
    if (index % 256 === 0) {
      const more = process.memoryUsage().rss - room;
      if (more > MOST_ROOM) failures.push(`${target.name} ${seed}:${index}: ${Math.round(more / 1e6)} MB by now`);
      progress?.(index - first);
    }
    if (failures.length >= 20) break;
  }
  return { read, refused, failures, slowest };
}
