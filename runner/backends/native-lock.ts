import { createHash } from 'node:crypto';
import { createServer } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { ParapetError } from '#core/errors.ts';

/**
 * Lets one process of this machine at a time do something with a folder.
 * The lock is a Linux abstract socket: the kernel frees it with the process, however that ends, so none can be stale.
 * @param onWait called once if another process has it
 * @returns the function that gives it back
 */
export async function lockFolder(folder: string, onWait: () => void, signal?: AbortSignal): Promise<() => void> {
  const name = `\0parapet-${createHash('sha256').update(folder).digest('hex').slice(0, 32)}`;
  for (let attempt = 0; ; attempt++) {
    const release = await tryLock(name);
    if (release !== null) return release;
    if (attempt === 0) onWait();
    if (signal?.aborted) throw new ParapetError('interrupted', 'Interrupted while waiting for another installation');
    await setTimeout(500);
  }
}

function tryLock(name: string): Promise<(() => void) | null> {
  const { promise, resolve, reject } = Promise.withResolvers<(() => void) | null>();
  const server = createServer();
  server.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EADDRINUSE') resolve(null);
    else reject(error);
  });
  server.listen(name, () => {
    server.unref();
    resolve(() => server.close());
  });
  return promise;
}
