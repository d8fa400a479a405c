import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, openSync } from 'node:fs';
import { bubblewrapArguments, filterDescriptor, type Inside, prlimit } from './bubblewrap.ts';
import { type Confined, controlGroups } from './cgroup.ts';
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
    const { program, args, leave } = confined(['bwrap', ...bubblewrapArguments(inside, limits)], limits);
    const child = spawn(program, args, {
      stdio: Array.from(stdio, (entry) => entry ?? 'ignore'),
      // Ctrl-C reaches the whole process group; what to do about it is the parent's decision.
      detached: true,
    });
    child.once('close', leave);
    closeSync(nothing);
    const filter = child.stdio[filterDescriptor] as NodeJS.WritableStream;
    filter.on('error', () => {});
    filter.end(refusedSystemCalls() ?? '');
    return child;
  }
  const command = [process.execPath, inside.script];
  // What Linux does not hold for it, the script has to see to by itself.
  const own = process.platform === 'linux' ? [] : [String(limits.memoryBytes)];
  const limited = existsSync(prlimit) ? [prlimit, ...prlimitArguments(limits, inside.devices.length > 0)] : [];
  const { program, args, leave } = confined([...limited, ...command, ...own], limits);
  const child = spawn(program, args, { stdio: ['pipe', 'ignore', 'pipe', 'pipe'] });
  child.once('close', leave);
  return child;
}

/** A command in a control group of its own, where this machine lets us make one. */
function confined(command: readonly string[], limits: Limits): { program: string; args: string[]; leave(): void } {
  const { command: whole, leave }: Confined = controlGroups()?.confine(command, limits) ?? { command, leave() {} };
  const [program = '', ...args] = whole;
  return { program, args, leave };
}
