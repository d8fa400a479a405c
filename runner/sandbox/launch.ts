import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, openSync } from 'node:fs';
import { bubblewrapArguments, filterDescriptor, type Inside, prlimit } from './bubblewrap.ts';
import { inheritedDescriptors } from './inherited.ts';
import { type Limits, prlimitArguments } from './limits.ts';
import { refusedSystemCalls } from './seccomp.ts';

/** File descriptor on which a launched script answers; it is told what to do on stdin. */
export const answersDescriptor = 3;

/**
 * Starts Node on a script that computes with a model which nobody has to trust. Its stdout goes nowhere.
 * @param sandboxed within bubblewrap; else with the same limits, as far as the system holds them
 */
export function launch(inside: Inside, limits: Limits, sandboxed: boolean): ChildProcess {
  if (sandboxed) {
    const nothing = openSync('/dev/null', 'r');
    const stdio: ('pipe' | 'ignore' | number)[] = ['pipe', 'ignore', 'pipe', 'pipe', 'pipe'];
    // Node closes a descriptor of its starter only when something is put in its place.
    for (const descriptor of inheritedDescriptors(stdio.length)) stdio[descriptor] = nothing;
    const child = spawn('bwrap', bubblewrapArguments(inside, limits), {
      stdio: Array.from(stdio, (entry) => entry ?? 'ignore'),
      // Ctrl-C reaches the whole process group; what to do about it is the parent's decision.
      detached: true,
    });
    closeSync(nothing);
    const filter = child.stdio[filterDescriptor] as NodeJS.WritableStream;
    filter.on('error', () => {});
    filter.end(refusedSystemCalls() ?? '');
    return child;
  }
  const command = [process.execPath, inside.script];
  const [program, ...rest] = existsSync(prlimit)
    ? [prlimit, ...prlimitArguments(limits, inside.devices.length > 0), ...command]
    : command;
  // What Linux does not hold for it, the script has to see to by itself.
  const own = process.platform === 'linux' ? [] : [String(limits.memoryBytes)];
  return spawn(program as string, [...rest, ...own], { stdio: ['pipe', 'ignore', 'pipe', 'pipe'] });
}
