/** Faults at every step from the first record of a journal to the line of the log that says that a result is published. */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { ParapetError } from '#core/errors.ts';
import { classify, perform, pickFrom } from '#core/evaluation/perform.ts';
import { type Task, taskKey } from '#core/evaluation/tasks.ts';
import { brighter, pairEvaluation, pixelPairs } from '#core/testing/pairs.ts';
import { checkPublications, publishResult } from '../files/publications.ts';
import { readEvidence, readResult } from '../files/results.ts';
import { disk, type Fault, Killed } from '../files/testing/faulty-disk.ts';
import type { Pool } from './pool.ts';
import { identityOf } from './prepare.ts';
import { runEvaluation, type Session } from './run.ts';
import { tally } from './tally.ts';

vi.mock('node:fs/promises', async (original) =>
  (await import('../files/testing/faulty-disk.ts')).faultyDisk(original<typeof import('node:fs/promises')>),
);
const { cp, readdir, rm } = await vi.importActual<typeof import('node:fs/promises')>('node:fs/promises');

const examples = pixelPairs([10, 100, 152, 154, -10, 254]);
const bench = { classifier: brighter, pick: pickFrom(examples), now: () => 0 };
/** What came of each task: computed once, since it is the writing that is tested. */
const outcomes = new Map<string, unknown>();
const outcomeOf = async (task: Task) => {
  const key = `${seed} ${taskKey(task) ?? Buffer.from('x' in task ? new Uint8Array(task.x.buffer) : []).toString('base64')}`;
  if (!outcomes.has(key))
    outcomes.set(key, await ('x' in task ? classify(brighter, task.x) : perform(task as never, bench)));
  return outcomes.get(key);
};
const pool = {
  report: null,
  size: 1,
  peakMemoryBytes: 0,
  run: (_: unknown, task: Task) => outcomeOf(task),
  close: () => {},
} as unknown as Pool;
const session: Session = {
  pool,
  confirming: { backend: 'cpu', pool: async () => pool },
  tally: tally(1, () => {}),
  stop: () => {},
  note: () => {},
};

let seed: number;
let root: string;
let folder: string;
let path: string;

/** The evaluation of one seed, published. */
async function publish(which: number): Promise<void> {
  seed = which;
  const evaluation = { ...pairEvaluation(examples), seed };
  const job = {
    key: 'pairs',
    models: { model: { architecture: 'brighter', weights: new Uint8Array() }, surrogates: {} },
    classes: 2,
    examples,
  } as never;
  await runEvaluation({ evaluation, job, identity: identityOf(evaluation) }, session, path, 0, 0, publishResult);
}

/** What is published, but for the circumstances; and that nothing else lies about. */
async function published(): Promise<{ result: unknown; evidence: string; files: string[] }> {
  const result = await readResult(path);
  const { run: _, ...rest } = result;
  const evidence = Buffer.from(await readEvidence(path, result)).toString('base64');
  const { problems } = await checkPublications(join(folder, 'results'));
  if (problems.length > 0) throw new Error(problems.join('; '));
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return {
    result: rest,
    evidence,
    files: entries
      .filter((e) => e.isFile())
      .map(({ name }) => name)
      .sort(),
  };
}

/** A folder in which the first result is published: it must be there until the second is. */
async function begin(): Promise<void> {
  folder = mkdtempSync(join(root, 'again-'));
  path = pathIn(folder);
  await cp(join(root, 'first'), folder, { recursive: true });
  disk.begin();
}

const pathIn = (home: string) => join(home, 'results', 'test', 'mnist-linf-0.3', 'Brighter.json');

let before: Awaited<ReturnType<typeof published>>;
let after: typeof before;
let names: string[];

beforeAll(async () => {
  await tf.setBackend('cpu');
  root = mkdtempSync(join(tmpdir(), 'parapet-write-path-'));
  folder = join(root, 'first');
  path = pathIn(folder);
  await publish(1);
  await begin();
  before = await published();
  await publish(2);
  names = [...disk.names];
  after = await published();
});
afterAll(() => rm(root, { recursive: true }));

/** A lock is a dead process's to leave and anybody's to break (lock.test.ts); this one lives on, and breaks it by hand. */
async function reboot(): Promise<void> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const left = entries.filter(({ name }) => /\.lock$|\.tmp$/.test(name));
  await Promise.all(left.map(({ parentPath, name }) => rm(join(parentPath, name))));
  disk.begin();
}

/** Old or new, whole; or evidence of the new beside the old, or a result that the log does not name, which every reader refuses. */
async function isWholeOrRefused(): Promise<'old' | 'new' | 'refused'> {
  try {
    const { result, evidence } = await published();
    expect([before, after]).toContainEqual(expect.objectContaining({ result, evidence }));
    return JSON.stringify(result) === JSON.stringify(before.result) ? 'old' : 'new';
  } catch (error) {
    if (error instanceof ParapetError) expect(error.kind).toBe('integrity');
    else expect(String(error)).toMatch(/has the digest|is of 20/);
    return 'refused';
  }
}

/** Publishes the second result with a fault at a step. @returns what came of it */
async function publishWith(at: number, fault: Fault): Promise<unknown> {
  disk.begin(at, fault);
  const error = await publish(2).catch((thrown: unknown) => thrown);
  expect(disk.steps).toBeGreaterThanOrEqual(at);
  return error;
}

/** The stages that states go through, each once. */
const stages = (states: readonly string[]) => states.filter((state, i) => state !== states[i - 1]);

describe('a published result', () => {
  test('killed at any step: the old one, or one that is refused, or the new one; and the same new one when called again', async () => {
    const states: string[] = [];
    for (let at = 1; at <= names.length; at++) {
      const isWrite = /write|append/i.test(names[at - 1] as string);
      for (const fault of isWrite ? (['killed', 'killed half-way'] as const) : (['killed'] as const)) {
        await begin();
        expect(await publishWith(at, fault), `${at}: ${names[at - 1]}`).toBeInstanceOf(Killed);
        await reboot();
        states.push(await isWholeOrRefused());
        await publish(2);
        expect(await published(), `${at}: ${names[at - 1]}`).toEqual(after);
      }
    }
    expect(stages(states)).toEqual(['old', 'refused', 'new']);
  });

  test('when one step fails: one clear error, nothing half-written or left over, and the same result when called again', async () => {
    const codes = ['ENOSPC', 'EDQUOT', 'EROFS', 'EIO', 'EMFILE'];
    const states: string[] = [];
    for (let at = 1; at <= names.length; at++) {
      await begin();
      const [name, code = ''] = [names[at - 1], codes[at % codes.length]];
      const error = await publishWith(at, { code });
      // What cannot be removed does no harm; where it is told, the command line says it as it does any failing call.
      if (name === 'rm') {
        if (error !== undefined) expect(error).toMatchObject({ code, syscall: 'rm', path: expect.any(String) });
        await reboot();
      } else {
        expect(error, `${at}: ${name}`).toMatchObject({
          kind: 'infrastructure',
          message: expect.stringMatching(new RegExp(`^cannot \\w+ /.*\\(${code}\\)$`)),
        });
        const entries = await readdir(folder, { recursive: true });
        expect(
          entries.filter((entry) => /\.lock|\.tmp$/.test(entry)),
          `${at}: ${name}`,
        ).toEqual([]);
      }
      disk.begin();
      if (error !== undefined) states.push(await isWholeOrRefused());
      await publish(2);
      expect(await published(), `${at}: ${name}`).toEqual(after);
    }
    expect(stages(states)).toEqual(['old', 'refused', 'new']);
  });
});
