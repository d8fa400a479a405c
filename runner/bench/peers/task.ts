import { spawn } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { ParapetError } from '#core/errors.ts';
import { decodeSafetensors } from '#core/models/safetensors.ts';
import type { Norm } from '#core/projections.ts';
import type { Line, Tool } from './comparison.ts';
import { type PeerEnvironment, pythonEnvironment } from './install.ts';
import type { Net } from './nets.ts';

/** One attack of one tool, as its process reads it. */
export interface Task extends Omit<Net, 'id' | 'sha256' | 'dataset'> {
  readonly tool: Tool | 'parapet';
  /** Name in the tables `ATTACKS` of `python/`. */
  readonly attack: string;
  /** The same as attacks of ours. */
  readonly lines: readonly Line[];
  readonly parameters: Readonly<Record<string, number | string>>;
  readonly norm: Norm;
  /** null for the smallest change at any distance. */
  readonly epsilon: number | null;
  /** Files: rows in, images and logits out. */
  readonly images: string;
  readonly out: string;
  readonly threads: number;
  readonly seed: number;
  /** Whether PyTorch takes numbers below 1e-38 for 0, which is not its default. */
  readonly flushDenormals: boolean;
}

/** What a process says of its run. */
export interface Measured {
  /** Of the attack alone: after the tool is loaded and the net has been asked twice. */
  readonly seconds: number;
  /** The same of all cores together. */
  readonly cpuSeconds: number;
  /** Most memory the process has had. */
  readonly memoryBytes: number;
  /** In images. */
  readonly forwardCalls: number;
  readonly gradientCalls: number;
  readonly versions: Readonly<Record<string, string>>;
}

export interface Answer extends Measured {
  readonly xAdv: Float32Array;
  /** What the tool's own net says of `xAdv`, [rows × classes]. */
  readonly logits: Float32Array;
  /** And of the clean images. */
  readonly cleanLogits: Float32Array;
}

/** What came of a task: one that fails does not end the ones after it. */
export type Outcome = Answer | { readonly failed: string };

/**
 * Runs tasks of one tool in one process, in their order; what each gives comes as soon as it is there.
 * @param limit seconds until the process is killed
 * @throws ParapetError 'infrastructure' with the end of what the process said, when it ends before its tasks do
 */
export async function* runTasks(
  tasks: readonly [Task, ...Task[]],
  environment: PeerEnvironment,
  limit: number,
): AsyncGenerator<Outcome> {
  const files = tasks.map(({ out }) => `${out}.json`);
  await Promise.all(tasks.map((task, i) => writeFile(files[i] as string, JSON.stringify(task))));
  const [{ tool, threads }] = tasks;
  const [program, script, env] =
    tool === 'parapet'
      ? [process.execPath, 'ours.ts', { ...process.env, PARAPET_THREADS: `${threads}` }]
      : [environment.python, join('python', 'run.py'), pythonEnvironment(environment.packages, threads)];
  const flags = tool === 'parapet' ? [] : ['-s'];
  const child = spawn(program, [...flags, join(import.meta.dirname, script), ...files], { env, timeout: limit * 1000 });
  let complaint = '';
  child.stderr.on('data', (data: Buffer) => {
    complaint = (complaint + data).slice(-4000);
  });
  const ended = Promise.withResolvers<string>();
  child.on('error', (error) => ended.resolve(error.message));
  child.on('close', (code, signal) => ended.resolve(signal === null ? `exit code ${code}` : `ended after ${limit} s`));
  let done = 0;
  try {
    for await (const line of createInterface(child.stdout)) {
      // Some attacks print; ours are the lines of JSON.
      if (!line.startsWith('{')) continue;
      yield await outcomeOf(JSON.parse(line), tasks[done++] as Task);
    }
  } finally {
    child.kill();
  }
  const ending = await ended.promise;
  if (done === tasks.length) return;
  const lines = complaint.trim().split('\n');
  throw new ParapetError(
    'infrastructure',
    `${tool}: ${lines.findLast((text) => /Error/.test(text)) || lines.at(-1) || ending}`,
  );
}

/** The only outcome of a task by itself. */
export async function runTask(task: Task, environment: PeerEnvironment, limit: number): Promise<Outcome> {
  for await (const outcome of runTasks([task], environment, limit)) return outcome;
  throw new ParapetError('infrastructure', `${task.tool} said nothing`);
}

async function outcomeOf(line: Measured | { failed: string }, { out }: Task): Promise<Outcome> {
  if ('failed' in line) return line;
  const { tensors } = decodeSafetensors(await readFile(out));
  const values = (name: string) => tensors.get(name)?.data as Float32Array;
  return { ...line, xAdv: values('xAdv'), logits: values('logits'), cleanLogits: values('cleanLogits') };
}
