import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ParapetError } from '#core/errors.ts';
import { prlimit } from './bubblewrap.ts';
import { launch } from './launch.ts';
import { limitsOf } from './limits.ts';
import { refusedSystemCalls } from './seccomp.ts';

let found: Promise<string | null> | null = null;

/**
 * Whether models can be sandboxed on this machine, found out once by sandboxing something.
 * @returns null where they can; else the reason why not
 */
export function sandboxProblem(): Promise<string | null> {
  found ??= trial();
  return found;
}

async function trial(): Promise<string | null> {
  if (process.env.PARAPET_SANDBOX === 'off') return 'PARAPET_SANDBOX is off';
  if (process.platform !== 'linux') return `bubblewrap is of Linux, and this is ${process.platform}`;
  if (refusedSystemCalls() === null) return `there is no filter of system calls for ${process.arch}`;
  if (!existsSync(prlimit)) return `${prlimit} is missing (package util-linux)`;
  // A script that only declares things: what matters is that it can be run.
  const script = fileURLToPath(new URL('./seccomp.ts', import.meta.url));
  const child = launch({ script, readable: [], devices: [], env: {} }, limitsOf(), true);
  let said = '';
  child.stderr?.on('data', (text: Buffer) => {
    said = (said + text.toString()).slice(0, 300);
  });
  try {
    const [code] = await once(child, 'close');
    return code === 0 ? null : said.trim().split('\n')[0] || `bubblewrap ended with exit code ${code}`;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return code === 'ENOENT' ? 'bubblewrap is not installed' : message;
  }
}

export interface Need {
  /** What the numbers are for: to be published, or only to be looked at. */
  readonly publish: boolean;
  /** Told once what a person should know. */
  readonly note: (message: string) => void;
  readonly env?: NodeJS.ProcessEnv;
  readonly problem?: () => Promise<string | null>;
}

/** How to get the sandbox. */
export const sandboxHint =
  'install it (sudo apt-get install bubblewrap), and where the system forbids it user namespaces, allow them: ' +
  'sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0 (Ubuntu), docker run --security-opt seccomp=unconfined; ' +
  'elsewhere use Linux in a virtual machine';

let warned = false;

/**
 * Decides whether models run in the sandbox: wherever it works.
 * @returns whether it does
 * @throws ParapetError 'infrastructure' where it does not and must: with --publish, and under CI
 */
export async function requireSandbox({
  publish,
  note,
  env = process.env,
  problem = sandboxProblem,
}: Need): Promise<boolean> {
  const why = await problem();
  if (why === null) return true;
  const demand = publish ? '--publish' : isSet(env.CI) ? 'an evaluation under CI (CI is set)' : null;
  if (demand !== null) {
    throw new ParapetError(
      'infrastructure',
      `${demand} needs the sandbox, which does not work here: ${why}`,
      sandboxHint,
    );
  }
  if (!warned)
    note(`warning: models run without a sandbox (${why}): evaluate only files that you trust; see SECURITY.md`);
  warned = true;
  return false;
}

function isSet(value: string | undefined): boolean {
  return value !== undefined && !['', '0', 'false'].includes(value.toLowerCase());
}
