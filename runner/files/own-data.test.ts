import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { deflateRawSync } from 'node:zlib';
import sharp from 'sharp';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { encodeSafetensors } from '#core/models/safetensors.ts';
import { encodeNpy } from './npy.ts';
import { readOwnData } from './own-data.ts';
import { writeZip } from './zip.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parapet-data-'));
});
afterEach(() => rm(folder, { recursive: true }));

const at = (name: string) => join(folder, name);
async function put(name: string, bytes: Uint8Array | string): Promise<string> {
  await mkdir(dirname(at(name)), { recursive: true });
  await writeFile(at(name), bytes);
  return at(name);
}

/** Two images of 1 × 2 pixels in colour, channels last, and the same with channels first. */
const last = Float32Array.of(0, 0.1, 0.2, 0.5, 0.6, 0.7, 1, 0.9, 0.8, 0.3, 0.2, 0.1);
const first = Float32Array.of(0, 0.5, 0.1, 0.6, 0.2, 0.7, 1, 0.3, 0.9, 0.2, 0.8, 0.1);
const model = { inputShape: [1, 2, 3], classes: 2 } as const;
const y = encodeNpy([2], Int32Array.of(1, 0));
const npz = (x: Uint8Array, labels = y) => writeZip({ 'x.npy': x, 'y.npy': labels });
const load = async (
  path: string,
  limit = 10,
  on: typeof model | { inputShape: readonly [number, number, number]; classes: number } = model,
) => (await readOwnData({ path })).load(limit, on);

describe('arrays', () => {
  it('come as they are, whichever way round their axes are', async () => {
    const wanted = { x: last, y: Int32Array.of(1, 0), count: 2, notes: [] };
    expect(await load(await put('a.npz', npz(encodeNpy([2, 1, 2, 3], last))))).toEqual(wanted);
    expect(await load(await put('b.npz', npz(encodeNpy([2, 3, 1, 2], first))))).toEqual(wanted);
    const tensors = { x: { shape: [2, 3, 1, 2], data: first }, y: { shape: [2], data: Int32Array.of(1, 0) } };
    expect(await load(await put('c.safetensors', encodeSafetensors(tensors)))).toEqual(wanted);
  });

  it('may be bytes, of which 255 is 1', async () => {
    const tensors = {
      x: { shape: [1, 1, 2, 3], data: Uint8Array.of(0, 51, 255, 0, 0, 0) },
      y: { shape: [1], data: Uint8Array.of(1) },
    };
    const { x } = await load(await put('d.safetensors', encodeSafetensors(tensors)));
    expect(x).toEqual(Float32Array.of(0, 0.2, 1, 0, 0, 0));
  });

  it('are read as far as they are wanted, and known by all they hold', async () => {
    const path = await put('e.npz', npz(encodeNpy([2, 1, 2, 3], last)));
    const { digest, count, shape } = await readOwnData({ path });
    expect({ count, shape }).toEqual({ count: 2, shape: [1, 2, 3] });
    expect((await load(path, 1)).x).toEqual(last.slice(0, 6));
    await put('e.npz', npz(encodeNpy([2, 1, 2, 3], last), encodeNpy([2], Int32Array.of(1, 1))));
    expect((await readOwnData({ path })).digest).not.toBe(digest);
  });

  const good = encodeNpy([2, 1, 2, 3], last);
  it.each([
    [
      'values of 255',
      npz(
        encodeNpy(
          [2, 1, 2, 3],
          last.map((v) => v * 255),
        ),
      ),
      /x holds values from 0 to 255; wanted pixels from 0 to 1/,
      /divide by 255/,
    ],
    [
      'values after normalisation',
      npz(
        encodeNpy(
          [2, 1, 2, 3],
          last.map((v) => (v - 0.5) * 4),
        ),
      ),
      /x holds values from -2 to 2/,
      /before mean and standard deviation/,
    ],
    [
      'a value that is not finite',
      npz(
        encodeNpy(
          [2, 1, 2, 3],
          last.map((v, i) => (i === 3 ? Number.NaN : v)),
        ),
      ),
      /not finite, the first at position 3/,
      /np\.isfinite\(x\) shows which/,
    ],
    [
      'another shape',
      npz(encodeNpy([2, 3, 2, 1], last)),
      /x holds images of 3 × 2 × 1; the model takes 1 × 2 × 3/,
      /resize/,
    ],
    [
      'too few axes',
      npz(encodeNpy([6, 2], last)),
      /x has shape \[6,2\]; wanted \[n, height, width, channels\]/,
      /reshape/,
    ],
    [
      'no images',
      npz(encodeNpy([0, 1, 2, 3], new Float32Array())),
      /x has shape \[0,1,2,3\], which holds no value/,
      /at least one/,
    ],
    [
      'a label too few',
      npz(good, encodeNpy([1], Int32Array.of(0))),
      /y has shape \[1\]; wanted \[2\]/,
      /x holds 2 images/,
    ],
    ['one-hot labels', npz(good, encodeNpy([2, 2], Int32Array.of(0, 1, 1, 0))), /y has shape \[2,2\]/, /argmax/],
    ['labels as floats', npz(good, encodeNpy([2], Float32Array.of(0, 1))), /y holds floats/, /astype/],
    [
      'a negative label',
      npz(good, encodeNpy([2], Int32Array.of(0, -1))),
      /y\[1\] is -1; wanted a class from 0/,
      /leave out/,
    ],
    [
      'labels from 1',
      npz(good, encodeNpy([2], Int32Array.of(1, 2))),
      /y\[1\] is 2; the model gives 2 scores, of classes 0 to 1/,
      /from 0/,
    ],
    ['other names', writeZip({ 'images.npy': good, 'y.npy': y }), /there is no 'x'; it holds images, y/, /np\.savez/],
    ['an archive cut short', npz(good).subarray(0, 100), /is no zip archive, or cut short/, null],
    ['a flipped bit', npz(good).map((byte, i) => (i === 200 ? byte ^ 1 : byte)), /'x\.npy' is damaged/, null],
    [
      'something that is no array',
      writeZip({ 'x.npy': Buffer.from('hello world'), 'y.npy': y }),
      /x: is no array of NumPy/,
      null,
    ],
  ])('with %s are refused', async (_, bytes, message, hint) => {
    const path = await put('wrong.npz', bytes);
    const error = await load(path).catch((thrown) => thrown);
    expect(error).toMatchObject({ kind: 'usage', message: expect.stringMatching(message) });
    if (hint !== null) expect(error.hint).toMatch(hint);
  });

  it('of objects of Python are refused, and so is a header that is no plain literal', async () => {
    const patched = (from: string, to: string) =>
      Buffer.from(Buffer.from(y).toString('latin1').replace(from, to), 'latin1');
    await put('o.npz', npz(good, patched("'<i4'", "'|O' ")));
    await expect(load(at('o.npz'))).rejects.toThrow(/y: holds objects of Python, which can be code/);
    await put('p.npz', npz(good, patched('False', 'id(1)')));
    await expect(load(at('p.npz'))).rejects.toThrow(/y: has a header that is not of an array of plain numbers/);
    await put('q.npz', npz(good, patched('(2,)', '(9,)')));
    await expect(load(at('q.npz'))).rejects.toThrow(/y: has 8 bytes of values; its shape \[9\] needs 36/);
  });

  it('that are a Git LFS pointer are named as such', async () => {
    const path = await put('lfs.npz', 'version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n');
    await expect(load(path)).rejects.toThrow(/lfs\.npz is a Git LFS pointer, not the file/);
  });

  it('have names that lead nowhere: neither out of the archive nor to what every object has', async () => {
    const bytes = writeZip({ '../../x.npy': good, '__proto__.npy': good, 'y.npy': y });
    await expect(load(await put('names.npz', bytes))).rejects.toThrow(
      /there is no 'x'; it holds \.\.\/\.\.\/x, __proto__, y/,
    );
    expect(({} as { shape?: unknown }).shape).toBeUndefined();
  });

  it('that unpack to more than the archive promises are refused', async () => {
    const bomb = deflateRawSync(Buffer.alloc(1 << 20));
    const bytes = Buffer.from(writeZip({ 'x.npy': bomb, 'y.npy': y }));
    // Both places where the method stands, first entry.
    bytes.writeUInt16LE(8, 8);
    bytes.writeUInt16LE(8, bytes.indexOf(Uint8Array.of(0x50, 0x4b, 1, 2)) + 10);
    await expect(load(await put('bomb.npz', bytes))).rejects.toThrow(/'x\.npy' is damaged/);
  });
});

async function picture(
  name: string,
  pixels: readonly number[],
  channels: 1 | 3 | 4,
  format: 'png' | 'jpeg' = 'png',
  width = 2,
) {
  const raw = { width, height: pixels.length / channels / width, channels };
  await put(name, await sharp(Buffer.from(pixels), { raw }).toFormat(format).toBuffer());
}

describe('pictures', () => {
  it('are taken in turn from each class, and keep their pixels where they have the size of the model', async () => {
    await picture('photos/cat/2.png', [9, 9, 9, 9, 9, 9], 3);
    await picture('photos/cat/1.png', [0, 51, 255, 1, 2, 3], 3);
    await picture('photos/dog/1.png', [10, 20, 30, 255, 40, 50, 60, 255], 4);
    await put('photos/.DS_Store', '');
    const data = await readOwnData({ path: at('photos') });
    expect(data).toMatchObject({ id: 'photos', count: 3, classNames: ['cat', 'dog'], shape: [1, 2, 3] });
    const { x, y: labels, notes } = await data.load(3, model);
    expect([...labels]).toEqual([0, 1, 0]);
    expect(Array.from(x, (v) => Math.round(v * 255))).toEqual([
      0, 51, 255, 1, 2, 3, 10, 20, 30, 40, 50, 60, 9, 9, 9, 9, 9, 9,
    ]);
    expect(notes).toEqual([]);
    await picture('photos/dog/1.png', [10, 20, 30, 255, 40, 50, 61, 255], 4);
    expect((await readOwnData({ path: at('photos') })).digest).not.toBe(data.digest);
  });

  it('of another size are scaled and cut to the middle, with one note', async () => {
    const wide = Array.from({ length: 8 * 2 * 3 }, (_, i) =>
      Math.floor(i / 3) % 8 < 2 || Math.floor(i / 3) % 8 > 5 ? 255 : 60,
    );
    await picture('p/a/1.jpg', wide, 3, 'jpeg', 8);
    await picture('p/b/1.png', [7, 7], 1);
    const { x, notes } = await (await readOwnData({ path: at('p') })).load(2, model);
    expect(notes).toEqual(["1 of 2 pictures were scaled and cut to the middle: 8 × 2 pixels to the model's 2 × 1"]);
    // The white ends are cut off; JPEG and the scaling are not exact.
    for (const value of x.slice(0, 6)) expect(Math.abs(value * 255 - 60)).toBeLessThan(40);
    expect(Array.from(x.slice(6), (v) => Math.round(v * 255))).toEqual([7, 7, 7, 7, 7, 7]);
  });

  it('may be of classes with any name', async () => {
    await picture('o/__proto__/1.png', [3, 3], 1);
    await picture('o/constructor/1.png', [4, 4], 1);
    const data = await readOwnData({ path: at('o') });
    expect(data.classNames).toEqual(['__proto__', 'constructor']);
    expect([...(await data.load(2, model)).y]).toEqual([0, 1]);
  });

  it('become grey for a model of one channel', async () => {
    await picture('g/a/1.png', [100, 100, 100, 200, 200, 200], 3);
    await picture('g/b/1.png', [7, 9], 1);
    const grey = { inputShape: [1, 2, 1] as const, classes: 2 };
    const { x } = await (await readOwnData({ path: at('g') })).load(2, grey);
    expect(Array.from(x, (v) => Math.round(v * 255))).toEqual([100, 200, 7, 9]);
  });

  it('get their classes from a file of names where there are more than folders', async () => {
    await picture('n/dog/1.png', [1, 1], 1);
    await picture('n/cat/1.png', [2, 2], 1);
    const classes = await put('names.txt', 'bird\r\ncat\r\ndog\r\n');
    const { y: labels } = await (await readOwnData({ path: at('n'), classes })).load(2, { ...model, classes: 3 });
    expect([...labels]).toEqual([1, 2]);
    await expect((await readOwnData({ path: at('n') })).load(2, { ...model, classes: 3 })).rejects.toThrow(
      /n has folders for 2 classes; the model gives 3 scores/,
    );
    await put('names.txt', 'bird\ncats\ndog');
    await expect(readOwnData({ path: at('n'), classes })).rejects.toThrow(
      /no class is named 'cat'; did you mean 'cats'\?/,
    );
    await put('names.txt', 'cat\n\ndog');
    await expect(readOwnData({ path: at('n'), classes })).rejects.toThrow(/names\.txt: line 2 is empty/);
    await put('names.txt', 'cat\ncat\ndog');
    await expect(readOwnData({ path: at('n'), classes })).rejects.toThrow(/'cat' stands in it twice/);
  });

  it.each([
    [
      { 'w/1.png': '', 'w/2.jpg': '' },
      /w: pictures lie in it directly \(2\); wanted a folder of pictures for each class/,
    ],
    [{ 'w/a/1.png': '' }, /w: it has one folder; wanted a folder of pictures for each class, at least two/],
    [{ 'w/a/1.png': '', 'w/b/readme.md': '' }, /w\/b: there is no picture in it; wanted \.png or \.jpg/],
    [{ 'w/a/1.png': 'version https://git-lfs.github.com/spec/v1', 'w/b/1.png': '' }, /1\.png: is a Git LFS pointer/],
    [{ 'w/a/1.png': 'no picture', 'w/b/1.png': '' }, /w\/a\/1\.png: is no picture/],
    [
      { 'w/a/1.png': '<svg xmlns="http://www.w3.org/2000/svg" width="2" height="2"/>', 'w/b/1.png': '' },
      /1\.png: is svg; wanted PNG or JPEG/,
    ],
  ])('are refused where %j is all there is', async (files, message) => {
    for (const [name, text] of Object.entries(files)) await put(name, text);
    await expect(readOwnData({ path: at('w') })).rejects.toMatchObject({
      kind: 'usage',
      message: expect.stringMatching(message),
    });
  });

  it('that are cut short are named, not filled up', async () => {
    const noise = Array.from({ length: 64 * 64 * 3 }, (_, i) => (i * 7919) % 256);
    const whole = await sharp(Buffer.from(noise), { raw: { width: 64, height: 64, channels: 3 } })
      .jpeg()
      .toBuffer();
    await put('t/a/1.jpg', whole.subarray(0, whole.length / 2));
    await picture('t/b/1.png', [1, 1], 1);
    const data = await readOwnData({ path: at('t') });
    await expect(data.load(2, model)).rejects.toThrow(/t\/a\/1\.jpg: cannot be decoded/);
  });
});

it.each([
  ['nothing', /--data: .*nothing: there is no such file or folder/],
  ['data.csv', /--data: .*data\.csv is a file of the kind \.csv/],
])('what is no data is refused: %s', async (name, message) => {
  await put('data.csv', 'a,b');
  await expect(readOwnData({ path: at(name) })).rejects.toThrow(message);
});
