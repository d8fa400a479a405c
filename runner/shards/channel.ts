/** The worker's end of the line to its parent: questions come on stdin, answers go to a descriptor of their own. */
import { createWriteStream } from 'node:fs';
import { Socket } from 'node:net';
import type { Writable } from 'node:stream';
import { answersDescriptor } from '../sandbox/launch.ts';
import { encodeFrame, frameReader } from './frames.ts';
import type { FromWorker, ToWorker } from './messages.ts';

/**
 * Hands over each message of the parent, and ends this process when there can be no more.
 * @returns a function that answers
 */
export function openChannel(onMessage: (message: ToWorker) => void): (message: FromWorker) => void {
  const answers = writer();
  answers.on('error', () => process.exit(0));
  const take = frameReader({ bytes: () => 2 ** 32, jsonBytes: 2 ** 32 }, (message) => onMessage(message as ToWorker));
  process.stdin.on('data', take);
  process.stdin.on('end', () => process.exit(0));
  return (message) => {
    for (const part of encodeFrame(message)) answers.write(part);
  };
}

function writer(): Writable {
  if (process.platform === 'win32') return createWriteStream('', { fd: answersDescriptor });
  return new Socket({ fd: answersDescriptor, readable: false, writable: true });
}
