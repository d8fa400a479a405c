/**
 * A worker that was taken over: what the architecture of its model names, it does. Whatever it finds out it reports as the message of
 * an error, which reaches the test as it is.
 */
import { spawn, spawnSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import {
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { openChannel } from '../../shards/channel.ts';
import type { TaskMessage } from '../../shards/messages.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));

const send = openChannel((message) => {
  if (message.kind === 'start') return send({ kind: 'ready', report: null });
  act ??= acts[weightsOf(message)?.architecture ?? ''] ?? null;
  void act?.(message);
});

/** The model that these scripts stand for: its architecture names the act. */
function weightsOf({ models }: TaskMessage) {
  return models !== null && 'architecture' in models.model ? models.model : null;
}

type Act = (message: TaskMessage) => void | Promise<void>;
let act: Act | null = null;

function report(found: unknown): void {
  send({ kind: 'failed', error: { kind: null, message: JSON.stringify(found) } });
}

function attempt(what: () => unknown): string {
  try {
    return `did: ${String(what()).slice(0, 100)}`;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? (error as Error).message;
  }
}

const acts: Readonly<Record<string, Act>> = {
  /** Reads what it is not meant to see; where it should look comes as bytes of its model. */
  read(message) {
    const paths = JSON.parse(Buffer.from(weightsOf(message)?.weights ?? []).toString()) as string[];
    const listed = (path: string) =>
      attempt(() => (path.endsWith('/') ? readdirSync(path) : readFileSync(path, 'utf8')));
    report(Object.fromEntries(paths.map((path) => [path, listed(path)])));
  },
  write() {
    const places = [
      '/',
      '/dev',
      '/dev/shm',
      '/usr/lib',
      root,
      join(root, 'runner'),
      realpathSync(process.execPath),
      '/tmp',
    ];
    const paths = places.map((place) => (place.endsWith('node') ? place : join(place, 'parapet-was-here')));
    const tried = paths.map((path) => [path, attempt(() => writeFileSync(path, 'x'))]);
    report({
      ...Object.fromEntries(tried),
      link: attempt(() => symlinkSync('/', '/tmp/root')),
      large: attempt(() => writeFileSync('/tmp/large', Buffer.alloc(65 * 2 ** 20))),
    });
  },
  /** Looks at every file that it has open. */
  descriptors() {
    const numbers = readdirSync('/proc/self/fd');
    report(
      Object.fromEntries(numbers.map((number) => [number, attempt(() => readlinkSync(`/proc/self/fd/${number}`))])),
    );
  },
  /** Talks to a server of the test, whose port is the first pixel. */
  async network({ task }) {
    const port = task.kind === 'predict' ? Math.round(task.x[0] as number) : 0;
    const tcp = (host: string) =>
      new Promise((resolve) => {
        connect(port, host)
          .on('connect', () => resolve('connected'))
          .on('error', (error: NodeJS.ErrnoException) => resolve(error.code));
      });
    const udp = new Promise((resolve) => {
      const socket = createSocket('udp4').on('error', (error: NodeJS.ErrnoException) => resolve(error.code));
      socket.send('x', port, '127.0.0.1', (error) => resolve((error as NodeJS.ErrnoException | null)?.code ?? 'sent'));
    });
    report({ loopback: await tcp('127.0.0.1'), beyond: await tcp('1.1.1.1'), udp: await udp });
  },
  told({ models, task, x, y }) {
    report({
      models: Object.keys(models ?? {}),
      task: task.kind,
      images: x.length,
      labels: y.length,
      env: process.env,
    });
  },
  rights() {
    const status = readFileSync('/proc/self/status', 'utf8');
    report(
      Object.fromEntries(
        ['NoNewPrivs', 'CapEff', 'CapBnd', 'Seccomp'].map((name) => [
          name,
          new RegExp(`^${name}:\\s+(\\S+)`, 'm').exec(status)?.[1],
        ]),
      ),
    );
  },
  processes() {
    report(
      Array.from(
        { length: 200 },
        () => (spawnSync(process.execPath, ['-e', '0']).error as NodeJS.ErrnoException)?.code,
      ),
    );
  },
  /** Starts processes that would outlive it, each in a session of its own. */
  offspring() {
    const script = 'setInterval(() => {}, 1000)';
    for (let i = 0; i < 12; i++) spawn(process.execPath, ['-e', script], { stdio: 'ignore', detached: true });
  },
  /** Opens files without an end, then writes gigabytes to stdout. */
  files() {
    let opened = 0;
    const why = attempt(() => {
      for (;;) {
        openSync('/dev/null', 'r');
        opened++;
      }
    });
    const block = Buffer.alloc(2 ** 26);
    let written = 0;
    const flood = attempt(() => {
      for (let i = 0; i < 64; i++) written += writeSync(1, block);
    });
    report({ opened, why, flood, written });
  },
  /** Answers, and goes on computing. */
  restless() {
    send({ kind: 'done', outcome: new Float32Array(2), peakMemoryBytes: 0 });
    setTimeout(() => acts.hang?.({} as TaskMessage), 100);
  },
  threads() {
    for (let i = 0; i < 200; i++) new Worker('setInterval(() => {}, 1000)', { eval: true });
  },
  memory() {
    const held: ArrayBuffer[] = [];
    for (;;) held.push(new Uint8Array(2 ** 24).fill(1).buffer);
  },
  /** Goes on when memory is refused. */
  greed() {
    const held: ArrayBuffer[] = [];
    for (;;)
      try {
        held.push(new Uint8Array(2 ** 20).fill(1).buffer);
      } catch {}
  },
  noise() {
    const line = Buffer.alloc(2 ** 16, 'x');
    const more = () => process.stderr.write(line, more);
    more();
  },
  progress() {
    const more = () => {
      for (let i = 0; i < 1000; i++) send({ kind: 'progress', gradients: 1, seconds: 1 });
      setImmediate(more);
    };
    more();
  },
  long: () => send({ kind: 'done', outcome: new Float32Array(2 ** 24), peakMemoryBytes: 0 }),
  hang() {
    for (;;);
  },
  busy: () => void setInterval(() => send({ kind: 'progress', gradients: 0, seconds: 0 }), 100),
  liar: ({ x }) => send({ kind: 'done', outcome: { predictions: x, password: 'x' }, peakMemoryBytes: 0 }),
  twice() {
    for (let i = 0; i < 2; i++) send({ kind: 'done', outcome: new Float32Array(2), peakMemoryBytes: 0 });
  },
  /** Behaves until it is to attack. */
  later({ task }) {
    const { start, count } = task as { start?: number; count?: number };
    if (task.kind !== 'clean' || start === undefined || count === undefined) return acts.memory?.({} as TaskMessage);
    const outcome = { predictions: new Int32Array(count), nonFinite: new Int32Array(), probabilityRows: 0 };
    send({ kind: 'done', outcome, peakMemoryBytes: 0 });
  },
};
