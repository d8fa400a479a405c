import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ExternalResult, externalDigest } from '#core/external-result.ts';
import { proportion } from '#core/metrics/proportion.ts';
import { type External, fixtureExternal, writeExternals } from '../testing/external.ts';
import { fixtureResult, fixtureSubmission, writeFixtures } from '../testing/fixtures.ts';
import { loweringsOf } from './lowerings.ts';
import { readExternal } from './read-external.ts';

const track = 'mnist-linf-0.3';
const row = fixtureResult({ id: 'Alpha', suite: 'v1', track, examples: 100, standing: 40 });
let folder: string;
let external: External;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parapet-lowerings-'));
  external = fixtureExternal({
    id: 'Eve2026Longer',
    of: row,
    images: [
      [0, 1, 'confirmed'],
      [1, 0, 'unconfirmed'],
    ],
  });
  await writeFixtures(folder, [fixtureSubmission({ id: 'Alpha' })], [row]);
  await writeExternals(folder, [external]);
});
afterEach(() => rm(folder, { recursive: true }));

const results = () => join(folder, 'results');
const lower = (result: ExternalResult = external.result, evaluation = external.evaluation) =>
  loweringsOf(results(), [row], [result], new Map([[evaluation.id, evaluation]]));
const changed = (change: Partial<ExternalResult>): ExternalResult => {
  const result = { ...external.result, ...change };
  return { ...result, digest: externalDigest(result) };
};

describe('loweringsOf', () => {
  it('lowers the row by what was confirmed, and by nothing else', async () => {
    const lowering = (await lower()).get(row.digest);
    expect(lowering?.robustAccuracy).toEqual(proportion(39, 100));
    expect(lowering?.notes).toMatchObject([{ counted: 1, broken: 1, evaluation: { id: 'Eve2026Longer' } }]);
  });

  it('leaves rows alone that nobody evaluated', async () => {
    expect((await loweringsOf(results(), [row], [], new Map())).size).toBe(0);
  });

  it.each<[string, () => Promise<unknown>, RegExp]>([
    [
      'an evaluation that there is not',
      () => loweringsOf(results(), [row], [external.result], new Map()),
      /no submissions\/Eve/,
    ],
    [
      'an evaluation that was edited since',
      () => lower(external.result, { ...external.evaluation, name: 'Another' }),
      /evaluation\.digest/,
    ],
    [
      'an evaluation of another row',
      () => lower(external.result, { ...external.evaluation, of: { submission: 'Beta', track } }),
      /is of Beta/,
    ],
    [
      'a target that was changed since',
      () => lower(changed({ submission: { id: 'Alpha', digest: 'a'.repeat(64) } })),
      /submission\.digest .* no published result of Alpha/,
    ],
    [
      'counts that the evidence does not have',
      () => lower(changed({ confirmed: 2 })),
      /says 2 of 2 confirmed; .* 1 of 2/,
    ],
  ])('refuses %s and names the file', async (_, act, message) => {
    await expect(act()).rejects.toMatchObject({ kind: 'integrity', message: expect.stringMatching(message) });
    await expect(act()).rejects.toThrow('results/external/mnist-linf-0.3/Eve2026Longer.json');
  });
});

it.each([
  ['ibp', {}, 'it broke example 0, which Alpha is certified on; one of the two is wrong'],
  ['smoothing', { deviation: 1 }, null],
])('an example that %s certifies and an evaluation broke', async (method, options, message) => {
  const named = { method, options };
  const on = method === 'ibp' ? track : 'mnist-l2-2';
  const certified = fixtureResult({
    id: 'Alpha',
    suite: 'v1',
    track: on,
    certified: { named, examples: 50, count: 20 },
  });
  const eve = fixtureExternal({ id: 'Eve2026Longer', of: certified, images: [[0, 1, 'confirmed']] });
  await writeFixtures(folder, [fixtureSubmission({ id: 'Alpha' })], [certified]);
  await writeExternals(folder, [eve]);
  const lowering = loweringsOf(results(), [certified], [eve.result], new Map([[eve.evaluation.id, eve.evaluation]]));
  // By chance a certificate may be wrong, and what is attacked draws a number of times.
  if (message === null) {
    // Of 50 images 40 stood and 20 were certified; the one that was broken is no longer either.
    expect((await lowering).get(certified.digest)?.certified).toMatchObject({
      certifiedAccuracy: proportion(19, 50),
      certificate: { method, examples: 50, robustAccuracy: proportion(39, 50), contradicted: 1 },
    });
  } else await expect(lowering).rejects.toMatchObject({ kind: 'integrity', message: expect.stringContaining(message) });
});

it('of a row with a proof the certified accuracy stays, and the robust accuracy of the same examples falls', async () => {
  const proven = { named: { method: 'ibp', options: {} }, examples: 50, count: 1 };
  const certified = fixtureResult({ id: 'Alpha', suite: 'v1', track, certified: proven });
  const eve = fixtureExternal({ id: 'Eve2026Longer', of: certified, images: [[1, 0, 'confirmed']] });
  await writeFixtures(folder, [fixtureSubmission({ id: 'Alpha' })], [certified]);
  await writeExternals(folder, [eve]);
  const lowering = await loweringsOf(
    results(),
    [certified],
    [eve.result],
    new Map([[eve.evaluation.id, eve.evaluation]]),
  );
  expect(lowering.get(certified.digest)?.certified).toMatchObject({
    certifiedAccuracy: proportion(1, 50),
    certificate: { robustAccuracy: proportion(39, 50), contradicted: 0, meanRadius: null },
  });
});

describe('readExternal', () => {
  const path = `external/${track}/Eve2026Longer.json`;
  const read = () => readExternal(results(), path);

  it('reads what hangs together, and refuses one bit of evidence changed, and a number that was changed', async () => {
    expect((await read()).confirmed).toBe(1);
    const evidence = join(results(), path.replace('.json', '.examples.safetensors'));
    const bytes = await readFile(evidence);
    bytes[bytes.length - 1] = (bytes[bytes.length - 1] as number) ^ 1;
    await writeFile(evidence, bytes);
    await expect(read()).rejects.toThrow(/evidence\.digest/);
    await writeFile(join(results(), path), JSON.stringify({ ...external.result, attempted: 3 }));
    await expect(read()).rejects.toThrow(/digest: /);
  });
});
