import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { proportion } from '#core/metrics/proportion.ts';
import { type Result, resultDigest } from '#core/result.ts';
import { fixtureResult, fixtureSubmission, writeFixtures } from '../testing/fixtures.ts';
import { readResult } from './read-result.ts';
import { readDeclared } from './read-submission.ts';

const path = 'v1/mnist-linf-0.3/Alpha.json';
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parapet-site-'));
  await writeFixtures(
    folder,
    [fixtureSubmission({ id: 'Alpha' })],
    [fixtureResult({ id: 'Alpha', suite: 'v1', track: 'mnist-linf-0.3' })],
  );
});
afterEach(() => rm(folder, { recursive: true }));

describe('readResult', () => {
  const read = () => readResult(join(folder, 'results'), path);
  const file = () => join(folder, 'results', path);
  const edit = async (change: (json: Record<string, unknown>) => void) => {
    const json = JSON.parse(await readFile(file(), 'utf8'));
    change(json);
    await writeFile(file(), JSON.stringify(json));
  };

  it('reads what hangs together, whatever the layout of its JSON', async () => {
    await edit(() => {});
    expect((await read()).submission.id).toBe('Alpha');
  });

  it('refuses certified accuracy that its evidence does not have, or without a certificate', async () => {
    const certified = { named: { method: 'ibp', options: {} }, examples: 100, count: 30 };
    const result = fixtureResult({ id: 'Alpha', suite: 'v1', track: 'mnist-linf-0.3', certified });
    await writeFixtures(folder, [], [result]);
    expect((await read()).certificate).toMatchObject({ method: 'ibp', examples: 100 });
    const says = async (changes: Partial<Result>) => {
      const changed = { ...result, ...changes };
      await writeFile(file(), JSON.stringify({ ...changed, digest: resultDigest(changed) }));
    };
    await says({ certifiedAccuracy: proportion(40, 100) });
    await expect(read()).rejects.toThrow(
      `results/${path}: certifiedAccuracy is 0.4 of 100; its evidence has 0.3 of 100`,
    );
    await says({ certifiedAccuracy: null });
    await expect(read()).rejects.toThrow('one is there without the others');
  });

  it.each<[string, (json: Record<string, unknown>) => void, RegExp]>([
    [
      'a number that was changed',
      (json) => Object.assign(json['robustAccuracy'] as object, { value: 0.99 }),
      /digest: /,
    ],
    ['a digest that was changed', (json) => Object.assign(json, { digest: 'f'.repeat(64) }), /digest: /],
    ['a missing field', (json) => delete json['curve'], /curve: /],
    ['an unknown field', (json) => Object.assign(json, { extra: 1 }), /extra/],
    [
      'a fraction above 1',
      (json) => Object.assign(json['cleanAccuracy'] as object, { value: 98 }),
      /cleanAccuracy\.value/,
    ],
    [
      'a newer schema',
      (json) => Object.assign(json, { schemaVersion: 2 }),
      /schemaVersion 2; this program reads up to 1/,
    ],
    [
      'another suite than its path',
      (json) => {
        Object.assign(json['suite'] as object, { id: 'quick' });
        json['digest'] = resultDigest(json as unknown as Result);
      },
      /the content says quick/,
    ],
    [
      'evidence elsewhere',
      (json) => Object.assign(json['evidence'] as object, { file: '../x.safetensors' }),
      /digest|evidence\.file/,
    ],
  ])('refuses %s and names the file', async (_, change, message) => {
    await edit(change);
    await expect(read()).rejects.toMatchObject({ kind: 'integrity', message: expect.stringMatching(message) });
    await expect(read()).rejects.toThrow(`results/${path}`);
  });

  it('refuses what is not JSON', async () => {
    await writeFile(file(), '{');
    await expect(read()).rejects.toThrow(/not JSON/);
  });

  it('refuses evidence with one bit changed, and evidence that is missing', async () => {
    const evidence = file().replace('.json', '.examples.safetensors');
    const bytes = await readFile(evidence);
    bytes[bytes.length - 1] = (bytes[bytes.length - 1] as number) ^ 1;
    await writeFile(evidence, bytes);
    await expect(read()).rejects.toThrow(/evidence\.digest/);
    await rm(evidence);
    await expect(read()).rejects.toThrow(/evidence is missing/);
  });
});

describe('readDeclared', () => {
  const file = () => join(folder, 'submissions', 'Alpha', 'submission.yaml');
  const read = () => readDeclared(join(folder, 'submissions'), 'Alpha');
  const edit = async (from: RegExp, to: string) =>
    writeFile(file(), (await readFile(file(), 'utf8')).replace(from, to));

  it.each([
    ['a script for an address', /https:.*/, 'javascript:alert(1)', /paper\.url/],
    ['a name of 1,000 characters', /^name:.*/m, `name: ${'x'.repeat(1000)}`, /name has 1000 characters/],
    ['another id', /^id:.*/m, 'id: Beta', /id is 'Beta'/],
    ['aliases', /^name:.*/m, 'name: &a x\nlicence: *a', /alias|Map keys/i],
    ['a key twice', /^name:.*/m, 'name: x\nname: y', /unique/i],
  ])('refuses %s and names the file', async (_, from, to, message) => {
    await edit(from, to);
    await expect(read()).rejects.toMatchObject({ kind: 'submission', message: expect.stringMatching(message) });
    await expect(read()).rejects.toThrow('submissions/Alpha/submission.yaml');
  });
});
