import { Worker } from 'node:worker_threads';

const POLL_MILLISECONDS = 500;

/** Runs in a thread of its own, because the main one may compute for minutes without a pause. */
const script = `
const { workerData } = require('node:worker_threads');
setInterval(() => {
  if (process.ppid !== workerData) process.kill(process.pid, 'SIGKILL');
}, ${POLL_MILLISECONDS});
`;

/** Ends this process within a second of its parent's end, however that came: a killed parent sends no message. */
export function dieWithParent(): void {
  process.on('disconnect', () => process.exit(0));
  const thread = new Worker(script, { eval: true, workerData: process.ppid, stdout: true, stderr: true });
  thread.unref();
}
