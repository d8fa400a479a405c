import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { untargeted } from '#core/suites/lines.ts';
import { readSubmission } from '../files/submissions.ts';
import { attackedOf, readSurrogates } from './surrogates.ts';
import { makeSubmission } from './test-submission.ts';

let parent = '';
let folder = '';

beforeAll(async () => {
  parent = await mkdtemp(join(tmpdir(), 'parapet-surrogates-'));
  folder = await makeSubmission(parent, 3);
});

afterAll(() => rm(parent, { recursive: true }));

const lines = (...surrogates: string[]) => [
  untargeted('pgd', 'pgd'),
  { ...untargeted('transfer', 'transfer'), surrogates },
];
const attacked = async () => attackedOf((await readSubmission(folder)).submission);

describe('surrogates', () => {
  test('are found by id among those of this program, each once, with their digests', async () => {
    const id = 'MnistFullyConnected';
    const found = await readSurrogates([...lines(id), ...lines(id)], await attacked());
    const { digest } = await readSubmission(`surrogates/${id}`);
    expect(found).toMatchObject([{ id, digest }]);
  });

  test('are found in a folder that is given', async () => {
    const undefended = attackedOf((await readSubmission('submissions/Undefended')).submission);
    const [found] = await readSurrogates(lines('Test2026Net'), undefended, { Test2026Net: folder });
    expect(found?.folder).toBe(folder);
  });

  test('are none where no line names one', async () => {
    expect(await readSurrogates([untargeted('pgd', 'pgd')], await attacked())).toEqual([]);
  });

  test('are not the attacked submission, by its name or by its weights', async () => {
    const wanted = /surrogate Test2026Net: it is Test2026Net itself/;
    const own = await attacked();
    await expect(readSurrogates(lines('Test2026Net'), own, { Test2026Net: folder })).rejects.toThrow(wanted);
    const copy = join(parent, 'Test2026Copy');
    await cp(folder, copy, { recursive: true });
    const manifest = join(copy, 'submission.yaml');
    await writeFile(
      manifest,
      (await readFile(manifest, 'utf8')).replace('"id": "Test2026Net"', '"id": "Test2026Copy"'),
    );
    const folders = { Test2026Copy: copy };
    await expect(readSurrogates(lines('Test2026Copy'), own, folders)).rejects.toThrow(/it is Test2026Net itself/);
    await expect(readSurrogates(lines('Test2026Copy'), own, folders)).rejects.toMatchObject({ kind: 'usage' });
  });

  test('are of the same data set and shape', async () => {
    const own = await attacked();
    const id = 'MnistFullyConnected';
    const ofCifar = { ...own, dataset: 'cifar10' };
    await expect(readSurrogates(lines(id), ofCifar)).rejects.toThrow(
      /surrogate MnistFullyConnected: it is a net of mnist, and Test2026Net one of cifar10/,
    );
    const larger = { ...own, inputShape: [32, 32, 3] as const };
    await expect(readSurrogates(lines(id), larger)).rejects.toThrow(
      /it takes images of 28×28×1 to 10 classes, and Test2026Net images of 32×32×3/,
    );
  });

  test('must be there', async () => {
    await expect(readSurrogates(lines('Nobody2026Net'), await attacked())).rejects.toThrow(/there is no such folder/);
  });
});
