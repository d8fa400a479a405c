import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { outcomesFile, outcomesOf } from '#core/claims/outcomes-file.ts';
import { recordClaims, verifyClaims } from './claim-record.ts';
import { outcomesPath, publishedOutcomes } from './claims.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parapet-record-'));
  for (const [paper, experiment] of [
    ['carlini2017', 'logits'],
    ['szegedy2014', 'halves'],
  ] as const)
    await cp(outcomesPath(publishedOutcomes, paper, experiment), outcomesPath(folder, paper, experiment));
  await recordClaims(folder);
});
afterEach(() => rm(folder, { recursive: true }));

const path = () => outcomesPath(folder, 'szegedy2014', 'halves');

it('every published figure is counted from its outcomes as it was when they were published', async () => {
  const { experiments, figures } = await verifyClaims();
  expect(experiments).toBeGreaterThan(10);
  expect(figures).toBeGreaterThan(80);
});

describe('the record of outcomes', () => {
  it('fits what it was made of', async () => {
    expect(await verifyClaims(folder)).toEqual({ experiments: 2, figures: 10 });
  });

  it('does not fit a file in which one answer was changed, and says which figure it moved', async () => {
    const { outcomes, provenance } = outcomesOf(await readFile(path()), 'szegedy2014', 'halves');
    const y = outcomes['fc100-100-10-first.y']?.data as Uint8Array;
    const said = outcomes['fc100-100-10-first.on.fc100-100-10-second']?.data as Uint8Array;
    const wrong = said.findIndex((label, row) => label !== y[row]);
    said[wrong] = y[wrong] as number;
    await writeFile(path(), outcomesFile('szegedy2014', 'halves', outcomes, provenance));
    await expect(verifyClaims(folder)).rejects.toMatchObject({
      kind: 'integrity',
      message: expect.stringMatching(/halves: SHA-256 .*\n.*on-fc100-100-10-second: 0\.13\d* is recorded; 0\.12/),
    });
  });

  it('does not fit a file with another origin that gives the same figures', async () => {
    const { outcomes, provenance } = outcomesOf(await readFile(path()), 'szegedy2014', 'halves');
    await writeFile(path(), outcomesFile('szegedy2014', 'halves', outcomes, { ...provenance, seed: 1 }));
    await expect(verifyClaims(folder)).rejects.toThrow(/halves: SHA-256/);
  });

  it('does not fit a folder from which a file was taken', async () => {
    await rm(path());
    await expect(verifyClaims(folder)).rejects.toThrow(
      'szegedy2014/halves: the record names outcomes that are not there',
    );
  });

  it('is refused by line where it cannot be read', async () => {
    await writeFile(join(folder, 'figures.jsonl'), '{"experiment":"a/b","sha256":"0","figures":{}}\n');
    await expect(verifyClaims(folder)).rejects.toThrow(/figures\.jsonl:1: /);
  });
});
