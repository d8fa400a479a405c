import type { Readable, Writable } from 'node:stream';
import type { Inside } from '../sandbox/bubblewrap.ts';
import { launch } from '../sandbox/launch.ts';
import type { Limits } from '../sandbox/limits.ts';
import { gigabytes, killTree, type Watch, watchUsage } from '../sandbox/watch-usage.ts';
import { encodeFrame, FrameError, frameReader } from './frames.ts';
import { type FromWorker, fromWorkerSchema, type TaskProgress, type ToWorker } from './messages.ts';
import { describeEnd, lastLines } from './process-end.ts';

/** What is kept of what a process writes to stderr, to be shown should it die. */
const STDERR_TAIL = 2000;
const MOST_JSON = 64 * 1024;
/** Signs of life that are taken at once, and for each second. */
const MOST_PROGRESS = 100;
const MOST_PROGRESS_A_SECOND = 20;

/** What answers a question; progress comes before it. */
type Answer = Exclude<FromWorker, { kind: 'progress' }>;
/** A process that is no more: by itself, or ended by us because it broke a limit or a rule. */
export type End = { readonly kind: 'died'; readonly why: string } | { readonly kind: 'ended'; readonly why: string };

export interface Link {
  /**
   * Asks the process something; it must have answered the last question.
   * @param most longest answer that makes sense, in bytes
   */
  ask(message: ToWorker, most: number, onProgress?: (progress: TaskProgress) => void): Promise<Answer | End>;
  kill(): void;
}

interface Question {
  readonly most: number;
  readonly asked: number;
  progress: number;
  onProgress(progress: TaskProgress): void;
  answer(answer: Answer | End): void;
}

/** Starts a process and sees to it that it keeps to its limits, whatever it does. */
export function startLink(inside: Inside, limits: Limits, sandboxed: boolean): Link {
  const child = launch(inside, limits, sandboxed);
  const [stdin, , stderr, answers] = child.stdio as unknown as [Writable, null, Readable, Readable];
  let tail = '';
  let noise = 0;
  let question: Question | null = null;
  let end: End | null = null;
  let silence: NodeJS.Timeout | undefined;
  let wall: NodeJS.Timeout | undefined;

  const settle = (answer: Answer | End) => {
    clearTimeout(silence);
    clearTimeout(wall);
    const { answer: tell } = question ?? {};
    question = null;
    watch?.allowCpu(limits.idleCpuSeconds);
    tell?.(answer);
  };
  const finish = (what: End) => {
    if (end !== null) return;
    end = what;
    watch?.stop();
    // A number that is free again may be another's by now.
    if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) killTree(child.pid);
    settle(what);
  };
  const endIt = (why: string) => finish({ kind: 'ended', why });
  const exceeded = (what: string) => endIt(`resource_exceeded: ${what}`);
  const watch: Watch | null = child.pid === undefined ? null : watchUsage(child.pid, limits, exceeded);
  const listen = () => {
    clearTimeout(silence);
    const seconds = limits.silenceSeconds;
    silence = setTimeout(() => exceeded(`it gave no sign of life for ${seconds} s`), 1000 * seconds);
  };

  const take = frameReader({ bytes: () => question?.most ?? 0, jsonBytes: MOST_JSON }, (raw) => {
    const parsed = fromWorkerSchema.safeParse(raw);
    if (!parsed.success) throw new FrameError('a message that none of ours is like');
    if (question === null) throw new FrameError('a message that nobody asked for');
    if (parsed.data.kind !== 'progress') return settle(parsed.data);
    const seconds = (performance.now() - question.asked) / 1000;
    if (++question.progress > MOST_PROGRESS + MOST_PROGRESS_A_SECOND * seconds)
      throw new FrameError('signs of life without end');
    listen();
    question.onProgress(parsed.data);
  });
  answers.on('data', (bytes: Buffer) => {
    if (end !== null) return;
    try {
      take(bytes);
    } catch (error) {
      if (!(error instanceof FrameError)) throw error;
      endIt(`it sent ${error.message}`);
    }
  });
  stderr.on('data', (bytes: Buffer) => {
    tail = (tail + bytes.subarray(-STDERR_TAIL).toString()).slice(-STDERR_TAIL);
    noise += bytes.length;
    if (noise > limits.noiseBytes) exceeded(`it wrote more than ${limits.noiseBytes} bytes to stderr`);
  });
  // A process that is gone takes nothing; 'close' says why it went.
  for (const stream of [stdin, stderr, answers]) stream.on('error', () => {});
  child.on('error', (error) => finish({ kind: 'died', why: error.message }));
  child.on('close', (code, signal) => {
    const peak = watch?.peakMemoryBytes ?? 0;
    const held = peak > 0 ? `it held up to ${gigabytes(peak)} of memory` : '';
    finish({ kind: 'died', why: [describeEnd(code, signal), lastLines(tail), held].filter(Boolean).join('; ') });
  });

  return {
    ask: (message, most, onProgress = () => {}) =>
      new Promise((answer) => {
        if (end !== null) return answer(end);
        question = { most: Math.max(most, MOST_JSON), asked: performance.now(), progress: 0, onProgress, answer };
        listen();
        const { taskSeconds } = limits;
        watch?.allowCpu(limits.cpuSeconds);
        wall = setTimeout(() => exceeded(`its task took longer than ${taskSeconds} s`), 1000 * taskSeconds);
        for (const part of encodeFrame(message)) stdin.write(part);
      }),
    kill: () => finish({ kind: 'died', why: 'it was ended' }),
  };
}
