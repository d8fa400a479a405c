import { createHash } from 'node:crypto';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Dataset } from '#core/datasets/dataset.ts';
import { findDataset } from '#core/datasets/index.ts';
import { ParapetError } from '#core/errors.ts';
import { cachedFolder, loadDataset } from './datasets.ts';
import { fetchDataset } from './datasets-fetch.ts';
import type { Source } from './datasets-source.ts';

const contents: Readonly<Record<string, Uint8Array>> = { a: Uint8Array.of(1, 2, 3), b: Uint8Array.of(4) };
const file = (name: string) => {
  const bytes = contents[name] as Uint8Array;
  return { name, bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') };
};
/** A data set of two tiny files. */
const tiny: Dataset = { ...findDataset('mnist'), name: 'Tiny', files: { train: [file('a')], test: [file('b')] } };

function source(fetch: Source['fetch']): Source {
  return { name: 'here', megabytes: 1, roomMegabytes: 1, fetch };
}
const giving = (change: (name: string, bytes: Uint8Array) => Uint8Array = (_, bytes) => bytes) =>
  source(async (folder, wanted) => {
    for (const { name } of wanted) await writeFile(join(folder, name), change(name, contents[name] as Uint8Array));
  });
const failing = source(async () => {
  throw new ParapetError('infrastructure', 'no network');
});

let root: string;
let folder: string;
let told: string[];
const context = () => ({ tell: (message: string) => void told.push(message) });

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'parapet-data-'));
  folder = join(root, 'tiny');
  told = [];
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(root, { recursive: true });
});

describe('fetching', () => {
  test('takes the first source that gives the right files, and leaves nothing else behind', async () => {
    const wrong = giving((_, bytes) => bytes.map((byte) => byte ^ 1));
    await fetchDataset(tiny, folder, context(), [failing, wrong, giving()]);
    expect(await readFile(join(folder, 'a'))).toEqual(Buffer.from([1, 2, 3]));
    expect(await readdir(root)).toEqual(['tiny']);
    expect(told).toHaveLength(3);
  });

  test('asks only for what is missing or damaged', async () => {
    await mkdir(folder);
    await writeFile(join(folder, 'a'), contents['a'] as Uint8Array);
    await writeFile(join(folder, 'b'), 'damaged');
    const asked: string[] = [];
    const inner = giving();
    const spy = source((into, wanted, with_) => {
      asked.push(...wanted.map(({ name }) => name));
      return inner.fetch(into, wanted, with_);
    });
    await fetchDataset(tiny, folder, context(), [spy]);
    expect(asked).toEqual(['b']);
  });

  test('says of every source why it failed, and how to do without', async () => {
    const short = giving((_, bytes) => bytes.subarray(1));
    const failure = fetchDataset(tiny, folder, context(), [failing, short]);
    await expect(failure).rejects.toMatchObject({
      kind: 'infrastructure',
      message: expect.stringMatching(/no network[\s\S]*a: 2 bytes, wanted 3/),
      hint: expect.stringContaining('PARAPET_DATA_DIR'),
    });
    expect(await readdir(root)).toEqual([]);
  });

  test('a disk without room is said once, and no other source is tried', async () => {
    const full = source(async () => {
      throw Object.assign(new Error('no space'), { code: 'ENOSPC', syscall: 'write' });
    });
    await expect(fetchDataset(tiny, folder, context(), [full, giving()])).rejects.toThrow('the disk is full');
    await expect(fetchDataset(tiny, folder, context(), [{ ...giving(), roomMegabytes: 1e12 }])).rejects.toMatchObject({
      kind: 'infrastructure',
      hint: expect.stringContaining('PARAPET_CACHE_DIR'),
    });
    expect(await readdir(root)).toEqual([]);
  });

  test('interrupted half way, it leaves nothing', async () => {
    const controller = new AbortController();
    const slow = source(async (into) => {
      await writeFile(join(into, 'a'), 'half');
      controller.abort();
      throw new Error('stopped');
    });
    const fetching = fetchDataset(tiny, folder, { ...context(), signal: controller.signal }, [slow, giving()]);
    await expect(fetching).rejects.toMatchObject({ kind: 'interrupted' });
    expect(await readdir(root)).toEqual([]);
  });

  test('two at once: one fetches, the other waits and finds the files', async () => {
    let fetched = 0;
    const slow = source(async (into, wanted, with_) => {
      fetched++;
      await new Promise((resolve) => setTimeout(resolve, 300));
      await giving().fetch(into, wanted, with_);
    });
    await Promise.all([1, 2].map(() => fetchDataset(tiny, folder, context(), [slow])));
    expect(fetched).toBe(1);
    expect(told.filter((message) => message.startsWith('waiting for process'))).toHaveLength(1);
  });
});

describe('MNIST itself', () => {
  test('is what is known of it: sizes, first labels, images per class, mean pixel', async () => {
    const test_ = await loadDataset('mnist', 'test');
    expect(test_.count).toBe(10_000);
    expect([...test_.y.subarray(0, 10)]).toEqual([7, 2, 1, 0, 4, 1, 4, 9, 5, 9]);
    const perClass = new Array<number>(10).fill(0);
    for (const y of test_.y) perClass[y] = (perClass[y] as number) + 1;
    expect(perClass).toEqual([980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]);
    const train = await loadDataset('mnist', 'train');
    expect([...train.y.subarray(0, 10)]).toEqual([5, 0, 4, 1, 9, 2, 1, 3, 1, 4]);
    const mean = train.x.reduce((sum, value) => sum + value, 0) / train.x.length;
    expect(mean).toBeCloseTo(0.1307, 4);
    expect(train.digest).not.toBe(test_.digest);
  });

  test('a limit gives the first ones, under the digest of the whole', async () => {
    const [whole, first] = [await loadDataset('mnist', 'test'), await loadDataset('mnist', 'test', { limit: 3 })];
    expect(first).toEqual({ x: whole.x.slice(0, 3 * 784), y: whole.y.slice(0, 3), count: 3, digest: whole.digest });
    await expect(loadDataset('mnist', 'test', { limit: 0 })).rejects.toMatchObject({ kind: 'usage' });
  });

  const images = 't10k-images-idx3-ubyte';
  const labels = 't10k-labels-idx1-ubyte';
  async function ownFiles(): Promise<string> {
    await loadDataset('mnist', 'test');
    await mkdir(join(root, 'mnist'));
    for (const name of [images, labels]) await cp(join(cachedFolder('mnist'), name), join(root, 'mnist', name));
    vi.stubEnv('PARAPET_DATA_DIR', root);
    return join(root, 'mnist');
  }

  test('PARAPET_DATA_DIR is used, packed or not', async () => {
    const own = await ownFiles();
    await writeFile(join(own, `${labels}.gz`), gzipSync(await readFile(join(own, labels))));
    await rm(join(own, labels));
    expect((await loadDataset('mnist', 'test', { limit: 1 })).y[0]).toBe(7);
  });

  test.each<[string, (own: string) => Promise<unknown>, string, string]>([
    ['a missing file', (own) => rm(join(own, labels)), 'infrastructure', labels],
    ['a short file', (own) => truncate(join(own, images), 100), 'integrity', '100 bytes, wanted 7840016'],
    [
      'a flipped bit',
      async (own) => {
        const bytes = await readFile(join(own, images));
        await writeFile(join(own, images), bytes.with(1000, (bytes[1000] as number) ^ 1));
      },
      'integrity',
      'SHA-256',
    ],
    [
      'a gzip bomb',
      async (own) => {
        await rm(join(own, labels));
        await writeFile(join(own, `${labels}.gz`), gzipSync(new Uint8Array(1_000_000)));
      },
      'integrity',
      'does not unpack to 10008 bytes',
    ],
  ])(
    'PARAPET_DATA_DIR with %s: an error that names it, and nothing is written there',
    async (_, damage, kind, message) => {
      const own = await ownFiles();
      await damage(own);
      const before = await readdir(own);
      await expect(loadDataset('mnist', 'test')).rejects.toMatchObject({
        kind,
        message: expect.stringContaining(message),
      });
      expect(await readdir(own)).toEqual(before);
    },
  );

  test('a damaged file in the cache is named, evicted and fetched again', async () => {
    await loadDataset('mnist', 'test');
    const whole = cachedFolder('mnist');
    vi.stubEnv('PARAPET_CACHE_DIR', root);
    await mkdir(join(root, 'data'));
    await cp(whole, cachedFolder('mnist'), { recursive: true });
    await truncate(join(cachedFolder('mnist'), labels), 10);
    const loaded = await loadDataset('mnist', 'test', { limit: 1, onMessage: (message) => void told.push(message) });
    expect(loaded.y[0]).toBe(7);
    expect(told[0]).toMatch(/t10k-labels-idx1-ubyte is damaged: 10 bytes, wanted 10008; fetching it again/);
    expect(await readFile(join(cachedFolder('mnist'), labels))).toEqual(await readFile(join(whole, labels)));
  });
});
