/**
 * A lock between processes: a file that only one of them can create (O_EXCL), holding who did.
 *
 * A lock whose process is gone is stale and is broken. A process id alone does not tell, since ids are used again: the
 * start time of the process and the identity of the boot go with it.
 */
import { randomUUID } from 'node:crypto';
import { link, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { ParapetError } from '#core/errors.ts';
import { errorCode, fileError } from './file-error.ts';
import { throwIfInterrupted } from './interrupted.ts';
import { type LockOwner, ownerState, thisProcess } from './lock-owner.ts';
import { makeFolder } from './make-folder.ts';

export interface LockOptions {
  /** Wait for the other process instead of failing; called once when there is something to wait for. */
  readonly onWait?: (owner: string) => void;
  readonly signal?: AbortSignal | undefined;
}

interface LockRecord extends LockOwner {
  /** Tells this lock from any other, ever. */
  readonly token: string;
}

/**
 * Runs `body` while holding the lock at `path`.
 * @throws ParapetError 'infrastructure' when another process holds it and `onWait` is absent
 */
export async function withLock<T>(path: string, body: () => Promise<T>, options: LockOptions = {}): Promise<T> {
  const release = await acquireLock(path, options);
  try {
    return await body();
  } finally {
    await release();
  }
}

/**
 * @returns the function that gives the lock back
 * @throws ParapetError 'infrastructure' when another process holds it and `onWait` is absent; 'interrupted' by the signal
 */
export async function acquireLock(path: string, options: LockOptions = {}): Promise<() => Promise<void>> {
  let told = false;
  for (;;) {
    throwIfInterrupted(options.signal);
    const release = await tryCreate(path);
    if (release !== null) return release;
    const holder = await read(path);
    if (holder === null) continue;
    if (holder !== 'unreadable' && (await ownerState(holder)) === 'gone') {
      if (await breakStale(path, holder)) continue;
    } else if (options.onWait === undefined) throw held(path, holder);
    else if (!told) {
      options.onWait(describe(holder));
      told = true;
    }
    await setTimeout(200);
  }
}

/** The lock appears at its name whole, because its contents are written before it gets the name. */
async function tryCreate(path: string): Promise<(() => Promise<void>) | null> {
  const record: LockRecord = { ...(await thisProcess()), token: randomUUID() };
  const draft = `${path}.${record.token}.tmp`;
  try {
    await makeFolder(dirname(path));
    await writeFile(draft, JSON.stringify(record), { flag: 'wx' });
    await link(draft, path);
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return null;
    throw fileError('lock', path, error);
  } finally {
    await rm(draft, { force: true }).catch(() => undefined);
  }
  return async () => {
    const now = await read(path);
    if (now !== null && now !== 'unreadable' && now.token === record.token) await rm(path, { force: true });
  };
}

/**
 * Removes a stale lock. Two processes may both find it stale, and the second must not remove what the first has put in
 * its place: so only the holder of a second lock may remove one, and looks again before it does.
 * @returns whether it is worth trying for the lock at once
 */
async function breakStale(path: string, stale: LockRecord): Promise<boolean> {
  const breaker = `${path}.break`;
  const release = await tryCreate(breaker);
  if (release === null) {
    const other = await read(breaker);
    if (other !== null && other !== 'unreadable' && (await ownerState(other)) === 'gone')
      await rm(breaker, { force: true });
    return false;
  }
  try {
    const now = await read(path);
    if (now !== null && now !== 'unreadable' && now.token === stale.token) await rm(path, { force: true });
    return true;
  } finally {
    await release();
  }
}

async function read(path: string): Promise<LockRecord | 'unreadable' | null> {
  try {
    const record = JSON.parse(await readFile(path, 'utf8')) as LockRecord;
    return typeof record.token === 'string' && Number.isInteger(record.pid) ? record : 'unreadable';
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return null;
    if (error instanceof SyntaxError) return 'unreadable';
    throw fileError('read', path, error);
  }
}

function describe(holder: LockRecord | 'unreadable'): string {
  return holder === 'unreadable' ? 'another process' : `process ${holder.pid}`;
}

function held(path: string, holder: LockRecord | 'unreadable'): ParapetError {
  return new ParapetError(
    'infrastructure',
    `${path}: ${describe(holder)} is at work on it`,
    'wait until it has ended; if you know that nothing runs, delete that file',
  );
}
