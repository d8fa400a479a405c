import { describe, expect, test } from 'vitest';
import { CIFAR_BATCH_BYTES, decodeCifar, encodeCifar } from './cifar-binary.ts';
import { decodeIdx } from './idx.ts';
import { datasets, findDataset, splitDigest } from './index.ts';

/** An IDX file of the given sizes. */
function idx(magic: number, sizes: readonly number[], values: readonly number[]): Uint8Array {
  const file = new Uint8Array(4 + 4 * sizes.length + values.length);
  const view = new DataView(file.buffer);
  [magic, ...sizes].forEach((word, i) => {
    view.setUint32(4 * i, word);
  });
  file.set(values, 4 + 4 * sizes.length);
  return file;
}

describe('IDX', () => {
  const images = idx(0x803, [2, 1, 2], [0, 255, 51, 128]);
  const labels = idx(0x801, [2], [7, 3]);

  test('pixels are byte / 255 in float32, in the order of the file', () => {
    expect(decodeIdx([images, labels])).toEqual({
      x: Float32Array.of(0, 1, 51 / 255, 128 / 255),
      y: Int32Array.of(7, 3),
      count: 2,
    });
  });

  test('a limit takes the first ones; one beyond the end takes all', () => {
    expect(decodeIdx([images, labels], 1)).toEqual({ x: Float32Array.of(0, 1), y: Int32Array.of(7), count: 1 });
    expect(decodeIdx([images, labels], 99).count).toBe(2);
  });

  test.each([
    ['a wrong magic number', [idx(0x804, [2, 1, 2], [1, 2, 3, 4]), labels], 'magic number'],
    ['a missing byte', [images.subarray(0, -1), labels], 'its header wants 20'],
    ['a trailing byte', [Uint8Array.of(...images, 0), labels], 'its header wants 20'],
    ['fewer labels than images', [images, idx(0x801, [1], [7])], '2 images but 1 labels'],
    ['an empty file', [new Uint8Array(0), labels], 'header of 16 bytes'],
  ])('refuses %s', (_, files, message) => {
    expect(() => decodeIdx(files)).toThrow(
      expect.objectContaining({ kind: 'integrity', message: expect.stringContaining(message) }),
    );
  });
});

describe('CIFAR-10', () => {
  const count = 10_000;
  const labels = Array.from({ length: count }, (_, i) => i % 10);
  const rgba = new Uint8Array(count * 1024 * 4).map((_, i) => (i * 7) % 251);

  test('rows of pixels become planes and come back as pixels, the fourth channel left out', () => {
    const file = encodeCifar(rgba, 4, labels);
    expect(file.length).toBe(CIFAR_BATCH_BYTES);
    expect([...file.subarray(3073, 3076)]).toEqual([1, rgba[4096], rgba[4100]]);
    expect(file[3073 + 1 + 1024]).toBe(rgba[4097]);
    const { x, y } = decodeCifar([file], 3);
    expect([...y]).toEqual([0, 1, 2]);
    const wanted = Float32Array.from(
      { length: 3 * 1024 * 3 },
      (_, i) => (rgba[4 * Math.floor(i / 3) + (i % 3)] as number) / 255,
    );
    expect(x).toEqual(wanted);
  });

  test('a limit crosses from one file into the next', () => {
    const other = encodeCifar(
      rgba,
      4,
      labels.map((label) => 9 - label),
    );
    const { y, count: taken } = decodeCifar([encodeCifar(rgba, 4, labels), other], count + 1);
    expect([taken, y[count - 1], y[count]]).toEqual([count + 1, 9, 9]);
  });

  test('a file of another length is refused', () => {
    expect(() => decodeCifar([new Uint8Array(3073)])).toThrow('3073 bytes');
    expect(() => encodeCifar(rgba.subarray(1), 4, labels)).toThrow('10000 labels');
  });
});

describe('every data set', () => {
  test.each(datasets.map((dataset) => [dataset.id, dataset] as const))('%s is described in full', (_, dataset) => {
    expect(new Set(dataset.classNames).size).toBe(10);
    const files = [...dataset.files.train, ...dataset.files.test];
    expect(new Set(files.map(({ name }) => name)).size).toBe(files.length);
    for (const { sha256 } of files) expect(sha256).toMatch(/^[0-9a-f]{64}$/);
    const [height, width, channels] = dataset.shape;
    for (const split of ['train', 'test'] as const) {
      const bytes = dataset.files[split].reduce((sum, file) => sum + file.bytes, 0);
      expect(bytes).toBeGreaterThan(dataset.counts[split] * height * width * channels);
    }
  });

  test('an unknown one is refused with those there are; no two splits have one digest', () => {
    expect(() => findDataset('imagenet')).toThrow(
      expect.objectContaining({ kind: 'usage', hint: 'the data sets are mnist, fashion-mnist, cifar10' }),
    );
    const digests = datasets.flatMap((dataset) => [splitDigest(dataset, 'train'), splitDigest(dataset, 'test')]);
    expect(new Set(digests).size).toBe(6);
  });
});
