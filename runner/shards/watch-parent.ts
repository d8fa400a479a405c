import { Worker } from 'node:worker_threads';

const POLL_MILLISECONDS = 500;

/** Runs in a thread of its own, because the main one may compute for minutes without a pause. */
const script = `
const { workerData: { parent, memoryBytes } } = require('node:worker_threads');
setInterval(() => {
  if (process.ppid !== parent) process.kill(process.pid, 'SIGKILL');
  if (process.memoryUsage.rss() > memoryBytes) {
    require('node:fs').writeSync(2, 'out of memory: more than ' + memoryBytes + ' bytes are resident\\n');
    process.kill(process.pid, 'SIGKILL');
  }
}, ${POLL_MILLISECONDS});
`;

/**
 * Ends this process within a second of its parent's end, however that came: a killed parent sends no message.
 * @param memoryBytes also ends it when more is resident: for systems where nobody else looks
 */
export function dieWithParent(memoryBytes = Number.POSITIVE_INFINITY): void {
  const workerData = { parent: process.ppid, memoryBytes };
  const thread = new Worker(script, { eval: true, workerData, stdout: true, stderr: true });
  thread.unref();
}
