import { spawn } from 'node:child_process';
import { ParapetError } from '#core/errors.ts';

export interface ToolOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly signal?: AbortSignal | undefined;
  /** How to get the program where it is missing. */
  readonly hint: string;
  /** What to look at when it fails. */
  readonly failureHint?: string;
}

/**
 * Runs a program to its end and returns what it printed on stdout.
 * @throws ParapetError 'infrastructure' when it is missing or fails (with the end of what it said),
 *   'interrupted' when `signal` fires
 */
export function runTool(program: string, args: readonly string[], options: ToolOptions): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
  let output = '';
  let complaint = '';
  child.stdout.on('data', (data: Buffer) => {
    output += data;
  });
  child.stderr.on('data', (data: Buffer) => {
    complaint = (complaint + data).slice(-4000);
  });
  child.on('error', (cause: NodeJS.ErrnoException) => {
    if (cause.name === 'AbortError')
      reject(new ParapetError('interrupted', `${program} was interrupted`, 'Call again: it goes on from here.'));
    else if (cause.code === 'ENOENT') {
      reject(new ParapetError('infrastructure', `${program} was not found`, options.hint));
    } else reject(new ParapetError('infrastructure', `${program} did not start: ${cause.message}`, options.hint));
  });
  child.on('close', (code, killed) => {
    if (code === 0) resolve(output);
    else reject(failure(program, code === null ? `signal ${killed}` : `exit code ${code}`, complaint, options));
  });
  return promise;
}

function failure(program: string, ending: string, complaint: string, options: ToolOptions): ParapetError {
  const lines = complaint.trim().split('\n').slice(-12).join('\n');
  if (/No space left on device|ENOSPC/.test(complaint)) {
    return new ParapetError(
      'infrastructure',
      `The disk is full: ${program} ended with ${ending}`,
      'Make room, or point PARAPET_CACHE_DIR at a larger disk, and call again; what is done is kept.',
    );
  }
  const missing = /No module named pip/.test(complaint);
  return new ParapetError(
    'infrastructure',
    `${program} ended with ${ending}\n${lines}`,
    missing ? options.hint : options.failureHint,
  );
}
