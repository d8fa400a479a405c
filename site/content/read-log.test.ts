import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sha256, utf8 } from '#core/digest.ts';
import { addToLog } from '#core/publication-log.ts';
import { type Result, resultDigest } from '#core/result.ts';
import { fixtureResult, fixtureSubmission, writeFixtures } from '../testing/fixtures.ts';
import { checkLog } from './read-log.ts';

const track = 'mnist-linf-0.3';
let folder: string;
let results: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parapet-site-log-'));
  results = join(folder, 'results');
  const ids = ['Alpha', 'Beta'];
  await writeFixtures(
    folder,
    ids.map((id) => fixtureSubmission({ id })),
    ids.map((id) => fixtureResult({ id, suite: 'v1', track })),
  );
});
afterEach(() => rm(folder, { recursive: true }));

const file = (id: string) => join(results, 'v1', track, `${id}.json`);
const log = () => join(results, 'log.jsonl');
const lines = async () => (await readFile(log(), 'utf8')).trimEnd().split('\n');

/** Publishes another result of the same defense. */
async function publishAnew(id: string): Promise<void> {
  const older = JSON.parse(await readFile(file(id), 'utf8')) as Result;
  const newer = { ...older, seed: older.seed + 1, run: { ...older.run, date: '2026-03-01T00:00:00Z' } };
  const result = { ...newer, digest: resultDigest(newer) };
  await writeFile(file(id), JSON.stringify(result));
  const said = { path: `v1/${track}/${id}.json`, digest: result.digest, date: result.run.date };
  await writeFile(log(), addToLog(await readFile(log(), 'utf8'), said, 'log'));
}

describe('the log, for the site', () => {
  it('is in order when every result is the last of its path, and where nothing was published', async () => {
    await checkLog(results);
    await publishAnew('Alpha');
    await checkLog(results);
    await checkLog(join(folder, 'nowhere'));
  });

  it.each<[string, () => Promise<void>, RegExp]>([
    [
      'an old result that was put back',
      async () => {
        await cp(file('Alpha'), join(folder, 'old.json'));
        await publishAnew('Alpha');
        await cp(join(folder, 'old.json'), file('Alpha'));
      },
      /^results\/v1\/mnist-linf-0\.3\/Alpha\.json is the older result of results\/log\.jsonl:1; the last is of .*:3$/,
    ],
    [
      'a result that nobody published',
      async () => writeFile(log(), `${(await lines())[0]}\n`),
      /^results\/log\.jsonl has no entry of v1\/mnist-linf-0\.3\/Beta\.json$/,
    ],
    ['a result taken away', () => rm(file('Beta')), /^results\/.*Beta\.json is not there; results\/log\.jsonl:2 says/],
    [
      'a line edited',
      async () => writeFile(log(), (await readFile(log(), 'utf8')).replace('2026-01-02', '2025-01-02')),
      /^results\/log\.jsonl:2: link: /,
    ],
    [
      'a line removed',
      async () => writeFile(log(), `${(await lines())[1]}\n`),
      /^results\/log\.jsonl:1: index: 1; wanted 0: a line was removed or moved/,
    ],
    [
      'lines exchanged',
      async () =>
        writeFile(
          log(),
          (await lines())
            .reverse()
            .map((line) => `${line}\n`)
            .join(''),
        ),
      /^results\/log\.jsonl:1: index: 1; wanted 0/,
    ],
    ['no log', () => rm(log()), /has no entry of v1\/mnist-linf-0\.3\/Alpha\.json/],
    [
      'a date changed, which no digest covers',
      async () => writeFile(file('Beta'), (await readFile(file('Beta'), 'utf8')).replace('2026-01-02', '2026-05-02')),
      /Beta\.json is of 2026-05-02.*; results\/log\.jsonl:2 says 2026-01-02/,
    ],
  ])('refuses %s, and names the file and the line', async (_, change, message) => {
    await change();
    await expect(checkLog(results)).rejects.toMatchObject({
      kind: 'integrity',
      message: expect.stringMatching(message),
    });
  });

  it('that was rolled back with its results shows against a line that is remembered', async () => {
    await cp(results, join(folder, 'before'), { recursive: true });
    await publishAnew('Alpha');
    const remembered = sha256(utf8((await lines())[2] ?? ''));
    await checkLog(results, remembered);
    await publishAnew('Beta');
    await checkLog(results, remembered);
    await checkLog(join(folder, 'before'));
    await expect(checkLog(join(folder, 'before'), remembered)).rejects.toThrow(/rolled back or rewritten/);
  });
});
