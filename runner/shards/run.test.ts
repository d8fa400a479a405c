import { access, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Result } from '#core/result.ts';
import { targeted, untargeted } from '#core/suites/lines.ts';
import type { Suite } from '#core/suites/suite.ts';
import { findTrack } from '#core/tracks.ts';
import { readEvidence, readResult } from '../files/results.ts';
import { evaluateAll } from './evaluate-all.ts';
import { type Prepared, prepare, type Request } from './prepare.ts';
import { journalPath, runEvaluation, runShardOf, type Session } from './run.ts';
import { withSession } from './session.ts';
import { makeSubmission } from './test-submission.ts';

const suite: Suite = {
  id: 'test',
  title: 'Test',
  description: '',
  attacks: {
    'mnist-linf-0.3': [untargeted('fgsm', 'fgsm'), untargeted('pgd', 'pgd', { steps: 3 })],
    'mnist-l0-112': [targeted('jsma', 'jsma', 'all', { on: 'logits', maxFeatures: 6 })],
  },
  examples: { count: 24, which: 'first' },
  chunk: 8,
  evidence: { images: 'examples', limit: 24 },
};
const code = { commit: 'unknown', lockfileDigest: '0'.repeat(64) };

let folder: string;
let request: Request;
let out: string;
let whole: Result;
let number = 0;

/** Every evaluation has workers of its own, as it would in another process. */
function inSession<T>(
  body: (prepared: Prepared, session: Session) => Promise<T>,
  changes: Partial<Request> = {},
  processes = 1,
) {
  const options = {
    backend: 'wasm' as const,
    processes,
    onProgress: () => {},
    note: (text: string) => notes.push(text),
  };
  return withSession(options, async (session, report) =>
    body(await prepare({ ...request, ...changes }, report, code), session),
  );
}
const evaluate = (processes?: number) =>
  inSession((prepared, session) => runEvaluation(prepared, session, out, 0), {}, processes);
const notes: string[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parapet-run-'));
  request = { folder: await makeSubmission(folder, 1), track: findTrack('mnist-linf-0.3'), suite, seed: 3 };
  out = join(folder, 'whole', 'result.json');
  whole = await evaluate();
});
beforeEach(() => {
  notes.length = 0;
  out = join(folder, `${number++}`, 'result.json');
});
afterAll(() => rm(folder, { recursive: true }));

describe('a submission that draws at random', () => {
  const overDraws = untargeted('apgd', 'apgd', { eotSamples: 2 });
  const line = (attack: Suite['attacks'][string][number]): Suite => ({
    ...suite,
    attacks: { 'mnist-linf-0.3': [attack] },
  });
  let drawing: string;
  beforeAll(async () => {
    drawing = await makeSubmission(join(folder, 'drawing'), 1);
    const path = join(drawing, 'submission.yaml');
    const manifest = JSON.parse(await readFile(path, 'utf8'));
    const defenses = [{ id: 'gaussian-noise', options: { samples: 2 } }];
    await writeFile(path, JSON.stringify({ ...manifest, defenses, randomised: true }));
  });

  it('is unfit for lines of one draw, and for no other', async () => {
    const unfit = (of: Suite, submission = drawing) =>
      inSession(async (prepared) => prepared.unfit, { folder: submission, suite: of });
    expect(await unfit(suite)).toMatch(/^Test2026Net draws at random, and lines of suite test do not .* \(fgsm, pgd\)/);
    expect(await unfit(line(overDraws))).toBeUndefined();
    expect(await unfit(suite, request.folder)).toBeUndefined();
  });

  it('is not published on such a suite, and elsewhere a person is told', async () => {
    const options = {
      ...({ backend: 'wasm', processes: 1, onProgress: () => {}, note: (text: string) => notes.push(text) } as const),
      ...{ sandbox: false, out },
    };
    const one = { ...request, folder: drawing, suite: line(untargeted('fgsm', 'fgsm')), count: 2 };
    await expect(evaluateAll([one], { ...options, publish: true })).rejects.toMatchObject({
      kind: 'usage',
      hint: expect.stringContaining('--suite autoattack-rand-100'),
    });
    expect((await evaluateAll([one], { ...options, publish: false }))[0]?.result.examples).toBe(2);
    expect(notes.join()).toMatch(/draws at random/);
  });
});

describe('an evaluation on wasm', () => {
  it('writes a result whose digests hold, and takes its journal and lock away', async () => {
    const path = join(folder, 'whole', 'result.json');
    const read = await readResult(path);
    expect(read).toEqual(whole);
    expect((await readEvidence(path, read)).length).toBeGreaterThan(0);
    await expect(access(journalPath(path))).rejects.toThrow();
    await expect(access(`${path}.lock`)).rejects.toThrow();
    expect(whole.attacks.map(({ attempted }) => attempted)).toEqual([24, 24]);
    expect(whole.evidence.backend).toBe('cpu');
  });

  it('has the same digest with two processes as with one', async () => {
    expect((await evaluate(2)).digest).toBe(whole.digest);
  });

  it('goes on after a stop at any record, torn or whole, to the same digest', async () => {
    // A journal as long as it can be: what a run leaves that is killed just before it writes its result.
    const saved = join(folder, 'saved.journal');
    await inSession(async (prepared, session) => {
      for (const index of [0, 1]) await runShardOf(prepared, session, out, { index, count: 2 });
    });
    const parts = await Promise.all([0, 1].map((index) => readFile(journalPath(out, { index, count: 2 }))));
    const lines = (parts[0] as Buffer).toString('latin1').split('\n').slice(0, -1);
    for (const kept of [1, 2, lines.length]) {
      const torn = `${lines.slice(0, kept).join('\n')}\n${(lines[kept] ?? 'torn').slice(0, 30)}`;
      await writeFile(saved, torn, 'latin1');
      await writeFile(journalPath(out), await readFile(saved));
      expect((await evaluate()).digest).toBe(whole.digest);
    }
    expect(notes.some((note) => /going on where an earlier run ended/.test(note))).toBe(true);
  });

  it('begins anew when the weights are not those of the journal, and says so', async () => {
    await inSession((prepared, session) => runShardOf(prepared, session, out, { index: 0, count: 1 }), { seed: 4 });
    await writeFile(journalPath(out), await readFile(journalPath(out, { index: 0, count: 1 })));
    expect((await evaluate()).digest).toBe(whole.digest);
    expect(notes.some((note) => /another seed; beginning anew/.test(note))).toBe(true);
  });

  it('is the same in shards that are merged, and refuses a shard that is missing or of another run', async () => {
    const shard = (index: number, changes?: Partial<Request>) =>
      inSession((prepared, session) => runShardOf(prepared, session, out, { index, count: 2 }), changes);
    const merge = () => inSession((prepared, session) => runEvaluation(prepared, session, out, 0, 2));
    expect(await shard(0)).toBe(3);
    await expect(merge()).rejects.toMatchObject({ kind: 'usage' });
    await shard(1, { seed: 9 });
    await expect(merge()).rejects.toMatchObject({ kind: 'integrity', message: expect.stringMatching(/another seed/) });
    await shard(1);
    expect((await merge()).digest).toBe(whole.digest);
  });

  it('refuses a second run on one output', async () => {
    const first = evaluate();
    await expect(Promise.all([first, evaluate()])).rejects.toMatchObject({ kind: 'infrastructure' });
    await Promise.allSettled([first]);
  });

  it('keeps the pairs of a targeted line, and L0 images sparsely', async () => {
    const changes = {
      track: findTrack('mnist-l0-112'),
      suite: { ...suite, headline: 'jsma', examples: { count: 4, which: 'first' as const } },
    };
    const result = await inSession((prepared, session) => runEvaluation(prepared, session, out, 0), changes);
    expect(result.pairs?.attempted).toBe(36);
    expect((await readEvidence(out, result)).length).toBeLessThan(8000);
  });

  it('names weights that do not fit, and weights that give no number', async () => {
    const misfit = await makeSubmission(join(folder, 'misfit'), 1, (weights) => {
      weights['conv1.bias'] = new Float32Array(7);
    });
    const run = (where: string) =>
      inSession((prepared, session) => runEvaluation(prepared, session, out, 0), { folder: where });
    await expect(run(misfit)).rejects.toMatchObject({
      kind: 'submission',
      message: expect.stringMatching(/'conv1.bias' has shape \[7\]/),
    });
    const huge = await makeSubmission(join(folder, 'huge'), 1, (weights) => {
      for (const values of Object.values(weights)) values.fill(1e30);
    });
    await expect(run(huge)).rejects.toMatchObject({
      kind: 'submission',
      message: expect.stringMatching(/NaN or infinite for 24 of 24/),
    });
  });
});
