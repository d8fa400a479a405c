import { mkdtemp, rm } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { ParapetError } from '#core/errors.ts';

/** What is not data goes to stderr. */
export const say = (text: string): void => console.error(text);

/** How busy the machine is, which a time has to be read with. */
export const sayLoad = (): void =>
  say(`Load of the machine (processes at work, last minute): ${loadavg()[0]?.toFixed(1)}`);

/** Runs a benchmark in a folder of its own, which is gone afterwards; a mistake of the caller's is told in its words, with its exit code. */
export async function inFolder(name: string, run: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), `parapet-${name}-`));
  try {
    await run(folder);
  } catch (error) {
    if (!(error instanceof ParapetError)) throw error;
    say(error.hint === undefined ? error.message : `${error.message}\n${error.hint}`);
    process.exitCode = error.exitCode;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
