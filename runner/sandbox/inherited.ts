import { readdirSync, readFileSync } from 'node:fs';

/** O_CLOEXEC of Linux, as /proc shows it. */
const CLOSED_ON_EXEC = 0o2000000;

/**
 * Files that whoever started this process left open to it, and that its children would have too: Node marks what it opens itself, and of
 * what it found the first few only.
 * @param from lowest number that is looked at
 */
export function inheritedDescriptors(from: number): number[] {
  return readdirSync('/proc/self/fd')
    .map(Number)
    .filter((descriptor) => descriptor >= from && isInherited(descriptor))
    .sort((a, b) => a - b);
}

function isInherited(descriptor: number): boolean {
  try {
    const flags = /^flags:\s+([0-7]+)$/m.exec(readFileSync(`/proc/self/fdinfo/${descriptor}`, 'utf8'))?.[1];
    return flags !== undefined && (Number.parseInt(flags, 8) & CLOSED_ON_EXEC) === 0;
  } catch {
    // That of the folder that was listed, closed again.
    return false;
  }
}
