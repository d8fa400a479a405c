import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readEvidence, readResult, writeResult } from './results.ts';
import { evidence, resultOf } from './testing/results.ts';

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parapet-results-'));
  path = join(folder, 'A.json');
});
afterEach(() => rm(folder, { recursive: true }));

describe('results on disk', () => {
  it('come back as they were written, with their evidence, and leave nothing else behind', async () => {
    await writeResult(path, resultOf(), evidence);
    const read = await readResult(path);
    expect(read).toEqual(resultOf());
    expect(new Uint8Array(await readEvidence(path, read))).toEqual(evidence);
    expect((await readdir(folder)).sort()).toEqual(['A.examples.safetensors', 'A.json']);
  });

  it('keep their digest whatever the clock, the host and the memory said', () => {
    const other = resultOf({ run: { date: '2027-01-01T00:00:00Z', seconds: 9, host: 'x', peakMemoryBytes: 9 } });
    expect(other.digest).toBe(resultOf().digest);
    expect(resultOf({ seed: 1 }).digest).not.toBe(resultOf().digest);
  });

  it.each([
    ['a number changed', { ...resultOf(), examples: 2 }, /digest: [0-9a-f]+ stands there/],
    ['an unknown field', { ...resultOf(), note: 1 }, /Unrecognized key/],
    ['a field of another type', { ...resultOf(), seed: 'x' }, /seed: /],
    ['a fraction above 1', resultOf({ cleanAccuracy: { value: 99, low: 0, high: 1 } }), /cleanAccuracy\.value/],
    ['a newer schema', { ...resultOf(), schemaVersion: 2 }, /schemaVersion 2; this program reads up to 1/],
    ['no object', 3, /result: /],
  ])('are refused with %s', async (_, value, message) => {
    await writeFile(path, JSON.stringify(value));
    await expect(readResult(path)).rejects.toMatchObject({
      kind: 'integrity',
      message: expect.stringMatching(message),
    });
  });

  it('are refused when they are no JSON, and said to be missing when they are', async () => {
    await writeFile(path, '{"a":');
    await expect(readResult(path)).rejects.toMatchObject({ kind: 'integrity' });
    await expect(readResult(join(folder, 'none.json'))).rejects.toMatchObject({ kind: 'infrastructure' });
  });

  it('are refused with evidence that was altered, is missing, or lies elsewhere', async () => {
    await writeResult(path, resultOf(), evidence);
    const file = join(folder, 'A.examples.safetensors');
    const bytes = await readFile(file);
    bytes[1] = 0;
    await writeFile(file, bytes);
    await expect(readEvidence(path, resultOf())).rejects.toMatchObject({ kind: 'integrity' });
    await rm(file);
    await expect(readEvidence(path, resultOf())).rejects.toMatchObject({ kind: 'infrastructure' });
    const elsewhere = resultOf({ evidence: { ...resultOf().evidence, file: '../A.examples.safetensors' } });
    await expect(readEvidence(path, elsewhere)).rejects.toThrow(/is not the name of a file beside it/);
  });

  it('are not written with a number that the schema refuses', async () => {
    const wrong = { ...resultOf(), examples: -1 };
    await expect(writeResult(path, wrong, evidence)).rejects.toThrow();
    expect(await readdir(folder)).toEqual([]);
  });
});
