import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sha256 } from '#core/digest.ts';
import { countVerdicts, type ExternalResult, externalDigest } from '#core/external-result.ts';
import { addToLog } from '#core/publication-log.ts';
import type { Result } from '#core/result.ts';
import { acquireLock } from './lock.ts';
import {
  addUnpublished,
  checkPublication,
  checkPublications,
  publishExternal,
  publishResult,
  readLog,
  requireLine,
} from './publications.ts';
import { writeResult } from './results.ts';
import { evidence, resultOf } from './testing/results.ts';

let folder: string;
beforeEach(async () => {
  folder = join(await mkdtemp(join(tmpdir(), 'parapet-publications-')), 'results');
});
afterEach(() => rm(dirname(folder), { recursive: true }));

const pathOf = ({ suite, track, submission }: Result) => join(folder, suite.id, track, `${submission.id}.json`);
const notes: string[] = [];
const published = async (...results: Result[]) => {
  for (const result of results) await publishResult(pathOf(result), result, evidence, (note) => notes.push(note));
};
const on = (day: number, changes: Partial<Result> = {}) =>
  resultOf({ ...changes, run: { ...resultOf().run, date: `2026-01-0${day}T00:00:00Z` } });
const first = on(1);
const second = on(2, { seed: 2 });
const other = on(3, { track: 'mnist-linf-0.3' });

describe('publishing', () => {
  it('writes result, evidence and a line of the log, and leaves nothing else behind', async () => {
    await published(first, other, second);
    const { log, problems } = await checkPublications(folder);
    expect(problems).toEqual([]);
    expect(log.entries.map(({ digest, previous }) => [digest, previous])).toEqual([
      [first.digest, null],
      [other.digest, null],
      [second.digest, first.digest],
    ]);
    expect((await readdir(folder)).sort()).toEqual(['log.jsonl', 'quick']);
    expect(await readdir(dirname(pathOf(first)))).toEqual(['A.examples.safetensors', 'A.json']);
  });

  it('of many at once loses no line', async () => {
    const results = Array.from({ length: 8 }, (_, i) => on(1 + i, { track: `track-${i}` }));
    await Promise.all(results.map((result) => published(result)));
    expect((await checkPublications(folder)).problems).toEqual([]);
    expect((await readLog(folder)).entries).toHaveLength(8);
  });

  it('waits for who holds the log, and says so', async () => {
    const release = await acquireLock(join(folder, 'log.jsonl.lock'));
    const publishing = published(first);
    await expect.poll(() => notes.at(-1)).toMatch(/is at work on .*log\.jsonl; waiting for it/);
    await release();
    await publishing;
    expect((await readLog(folder)).entries).toHaveLength(1);
  });

  it('writes nothing beside a log that does not hold together', async () => {
    await published(first, other);
    const log = join(folder, 'log.jsonl');
    await writeFile(log, (await readFile(log, 'utf8')).replace('2026-01-01', '2026-01-02'));
    await expect(published(second)).rejects.toMatchObject({
      kind: 'integrity',
      message: expect.stringContaining(':2: link: '),
    });
    expect(JSON.parse(await readFile(pathOf(first), 'utf8'))).toEqual(first);
  });

  it('serves the results of external evaluations, which are held against the log as well', async () => {
    const { backend, code, run } = first;
    const of = { id: 'X', digest: '5'.repeat(64) };
    const draft: Omit<ExternalResult, 'digest' | 'run'> = {
      ...{ schemaVersion: 1, kind: 'external-evaluation', evaluation: of, submission: of, track: 't', backend, code },
      dataset: { id: 'mnist', split: 'test', digest: of.digest },
      ...countVerdicts(['confirmed', 'outside-ball']),
      evidence: { file: 'X.examples.safetensors', digest: sha256(evidence), backend: 'cpu' },
    };
    const external: ExternalResult = { ...draft, digest: externalDigest(draft), run };
    const file = join(folder, 'external', 't', 'X.json');
    await publishExternal(file, external, evidence, () => {});
    expect((await checkPublications(folder)).problems).toEqual([]);
    expect(await checkPublication(file, external)).toBeNull();
    await rm(join(folder, 'log.jsonl'));
    expect(await checkPublication(file, external)).toMatch(/X\.json/);
    expect(await addUnpublished(folder)).toEqual(['external/t/X.json']);
    await writeFile(join(dirname(file), 'X.examples.safetensors'), 'another');
    await expect(checkPublications(folder)).rejects.toThrow(/evidence\.digest/);
  });
});

describe('results that are not as they were published are named', () => {
  const problems = async () => (await checkPublications(folder)).problems;

  it('an old one that was put back', async () => {
    await published(first, second);
    await writeResult(pathOf(first), first, evidence);
    expect(await problems()).toEqual([
      expect.stringMatching(/A\.json is the older result of .*:1; the last is of .*:2$/),
    ]);
    await expect(addUnpublished(folder)).rejects.toThrow(/A\.json is of 2026-01-01.*:2 says that one of 2026-01-02/);
    expect(await checkPublication(pathOf(first), first)).toMatch(/the older result of/);
  });

  it('one that is not in the log, which may be added; and the log rolled back alone', async () => {
    await published(first);
    await writeResult(pathOf(other), other, evidence);
    await writeResult(pathOf(second), second, evidence);
    expect(await problems()).toHaveLength(2);
    expect(await addUnpublished(folder)).toEqual(['quick/mnist-l2-2/A.json', 'quick/mnist-linf-0.3/A.json']);
    expect(await problems()).toEqual([]);
    expect(await addUnpublished(folder)).toEqual([]);
    const log = join(folder, 'log.jsonl');
    const [line] = (await readFile(log, 'utf8')).split('\n');
    await writeFile(log, `${line}\n`);
    expect(await problems()).toHaveLength(2);
  });

  it('one that was taken away', async () => {
    await published(first, other);
    await rm(pathOf(other));
    expect(await problems()).toEqual([expect.stringMatching(/mnist-linf-0\.3\/A\.json is not there; .*:2 says/)]);
  });

  it.each<[string, () => Promise<void>, RegExp]>([
    ['a number changed', () => writeFile(pathOf(first), JSON.stringify({ ...first, seed: 7 })), /A\.json: digest: /],
    [
      'its evidence changed',
      () => writeFile(join(dirname(pathOf(first)), 'A.examples.safetensors'), '1'),
      /evidence\.digest: /,
    ],
    [
      'another one’s place',
      () => writeResult(join(folder, 'quick', 'mnist-l2-2', 'B.json'), first, evidence),
      /B\.json: the content says quick\/mnist-l2-2\/A\.json/,
    ],
  ])('one with %s', async (_, change, message) => {
    await published(first);
    await change();
    await expect(checkPublications(folder)).rejects.toMatchObject({
      kind: 'integrity',
      message: expect.stringMatching(message),
    });
    await expect(addUnpublished(folder)).rejects.toThrow(message);
  });

  it('a log rolled back with its results, to who remembers a line', async () => {
    await published(first, other);
    const { lines } = await readLog(folder);
    requireLine(await readLog(folder), lines[0] ?? '', folder);
    await published(second);
    requireLine(await readLog(folder), lines[1] ?? '', folder);
    await rm(folder, { recursive: true });
    await published(first);
    expect((await checkPublications(folder)).problems).toEqual([]);
    const rolledBack = await readLog(folder);
    expect(() => requireLine(rolledBack, lines[1] ?? '', folder)).toThrow(/no line of its 1 has the SHA-256/);
  });
});

describe('one result, by the log of its folder', () => {
  it('stands, is no published one, or is not where it says', async () => {
    await published(first);
    expect(await checkPublication(pathOf(first), first)).toBeNull();
    expect(await checkPublication(join(dirname(folder), 'A.json'), first)).toBeUndefined();
    expect(await checkPublication(pathOf(other), first)).toMatch(/lies at .*linf.*, and its content says .*l2/);
    await rm(join(folder, 'log.jsonl'));
    expect(await checkPublication(pathOf(first), first)).toMatch(/has no entry of quick\/mnist-l2-2\/A\.json/);
    const broken = addToLog('', { path: 'a/b.json', digest: '1'.repeat(64), date: '2026-01-01T00:00:00Z' }, 'log');
    await writeFile(join(folder, 'log.jsonl'), broken.replace('"index":0', '"index":1'));
    expect(await checkPublication(pathOf(first), first)).toMatch(/log\.jsonl:1: index: 1; wanted 0/);
  });
});

it('the results of this repository are those that its log names', async () => {
  const { log, problems } = await checkPublications(fileURLToPath(new URL('../../results', import.meta.url)));
  expect(problems).toEqual([]);
  expect(log.entries.length).toBeGreaterThan(18);
});
