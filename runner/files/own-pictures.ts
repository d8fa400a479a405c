/** Pictures of a person's own: a folder with a folder for each class. */
import { createHash } from 'node:crypto';
import { createReadStream, type Dirent } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { didYouMean } from '#core/closest.ts';
import type { Examples } from '#core/datasets/dataset.ts';
import { pixelValues } from '#core/datasets/pixels.ts';
import { ParapetError } from '#core/errors.ts';
import type { Classifier } from '#core/models/classifier.ts';
import { fileError } from './file-error.ts';
import { LFS_POINTER } from './regular-file.ts';

const MOST_PICTURES = 1_000_000;
const MOST_FILE_BYTES = 2 ** 26;
/** A picture larger than this is no picture for a classifier, or a bomb. */
const MOST_PIXELS = 2 ** 26;

interface Picture {
  /** `class/file`. */
  readonly name: string;
  readonly label: number;
}

export interface OwnPictures {
  readonly classNames: readonly string[];
  readonly count: number;
  /** Of what every picture is, in order: changes with any of them. */
  readonly digest: string;
  /** [height, width, channels] of the first picture. */
  readonly shape: Classifier['inputShape'];
  /**
   * Decodes the first pictures, in turn one of each class; those of another size than the model takes are scaled to cover it and cut to
   * the middle.
   * @returns the examples, and what was done to them
   */
  load(limit: number, inputShape: Classifier['inputShape']): Promise<Examples & { readonly notes: readonly string[] }>;
}

/**
 * @param names of the classes in the order of the model's scores; the names of the folders, sorted, when absent
 * @throws ParapetError 'usage' that says what is wrong with the folder
 */
export async function readOwnPictures(path: string, names: readonly string[] | null): Promise<OwnPictures> {
  const folders = await classFolders(path);
  const classNames = names ?? folders;
  const pictures: Picture[][] = [];
  const leftOut: string[] = [];
  for (const folder of folders) {
    const label = classNames.indexOf(folder);
    if (label < 0) {
      throw new ParapetError(
        'usage',
        `${join(path, folder)}: no class is named '${folder}'${didYouMean(folder, classNames)}`,
        'name each folder as its class is named in the file of --classes',
      );
    }
    const { taken, others } = await picturesIn(path, folder);
    pictures.push(taken.map((name) => ({ name, label })));
    leftOut.push(...others);
  }
  const ordered = inTurn(pictures);
  if (ordered.length > MOST_PICTURES) {
    throw new ParapetError('usage', `${path}: ${ordered.length} pictures; wanted at most ${MOST_PICTURES}`);
  }
  const first = await dimensions(join(path, (ordered[0] as Picture).name));
  return {
    classNames,
    count: ordered.length,
    digest: await digestOfPictures(path, ordered),
    shape: [first.height, first.width, first.channels],
    async load(limit, inputShape) {
      const { notes, ...examples } = await load(path, ordered.slice(0, limit), inputShape);
      return { ...examples, notes: [...notes, ...leftOutNote(leftOut)] };
    },
  };
}

async function classFolders(path: string): Promise<string[]> {
  const entries = await entriesOf(path);
  const folders = await Promise.all(entries.map(async (entry) => (await isFolder(path, entry)) && entry.name));
  const found = folders.filter((name) => name !== false).sort();
  if (found.length >= 2) return found;
  const loose = entries.filter(({ name }) => isPicture(name)).length;
  const came =
    loose > 0 ? `pictures lie in it directly (${loose})` : `it has ${found.length === 1 ? 'one folder' : 'no folders'}`;
  throw new ParapetError(
    'usage',
    `${path}: ${came}; wanted a folder of pictures for each class, at least two`,
    'such as photos/cat/1.jpg and photos/dog/1.jpg',
  );
}

/** The pictures of a class, sorted, and what else lies there, as `class/file`. */
async function picturesIn(path: string, folder: string): Promise<{ taken: string[]; others: string[] }> {
  const names = (await entriesOf(join(path, folder))).map(({ name }) => name).sort();
  const within = (some: readonly string[]) => some.map((name) => `${folder}/${name}`);
  const taken = within(names.filter(isPicture));
  if (taken.length > 0) return { taken, others: within(names.filter((name) => !isPicture(name))) };
  throw new ParapetError(
    'usage',
    `${join(path, folder)}: there is no picture in it; wanted .png or .jpg`,
    'add some, or take the folder away',
  );
}

async function entriesOf(path: string): Promise<Dirent[]> {
  const entries = await readdir(path, { withFileTypes: true }).catch((error) => {
    throw fileError('read', path, error);
  });
  return entries.filter(({ name }) => !name.startsWith('.'));
}

/** Also where a link leads: large collections are often put together of links. */
async function isFolder(path: string, entry: Dirent): Promise<boolean> {
  if (!entry.isSymbolicLink()) return entry.isDirectory();
  return stat(join(path, entry.name)).then(
    (target) => target.isDirectory(),
    () => false,
  );
}

function isPicture(name: string): boolean {
  return /\.(png|jpe?g)$/i.test(name);
}

/** Nobody should take a folder for evaluated of which a part was passed over. */
function leftOutNote([first, ...others]: readonly string[]): string[] {
  if (first === undefined) return [];
  const more = others.length === 0 ? '' : ` and ${others.length} more`;
  return [`left out, since only .png and .jpg files directly in the folder of a class are taken: ${first}${more}`];
}

/** The first of each class, then the second of each, and so on: the first so many are then of all classes alike. */
function inTurn(classes: readonly (readonly Picture[])[]): Picture[] {
  const longest = Math.max(...classes.map(({ length }) => length));
  return Array.from({ length: longest }, (_, i) => classes.flatMap((pictures) => pictures[i] ?? [])).flat();
}

async function digestOfPictures(path: string, pictures: readonly Picture[]): Promise<string> {
  const all = createHash('sha256');
  for (const { name, label } of pictures) {
    const file = join(path, name);
    const hash = createHash('sha256');
    await pipeline(createReadStream(file), hash).catch((error) => {
      throw fileError('read', file, error);
    });
    all.update(`${label} ${hash.digest('hex')}\n`);
  }
  return all.digest('hex');
}

async function load(path: string, pictures: readonly Picture[], [height, width, channels]: Classifier['inputShape']) {
  if (channels !== 1 && channels !== 3) {
    throw new ParapetError(
      'usage',
      `${path}: pictures have 1 or 3 channels; the model takes ${channels}`,
      'give the images as arrays: --data images.npz',
    );
  }
  const size = height * width * channels;
  const bytes = new Uint8Array(pictures.length * size);
  const sizes = new Set<string>();
  let resized = 0;
  for (const [i, { name }] of pictures.entries()) {
    const decoded = await decode(join(path, name), height, width, channels);
    bytes.set(decoded.pixels, i * size);
    if (!decoded.resized) continue;
    resized++;
    sizes.add(decoded.from);
  }
  const [from] = sizes;
  const were = sizes.size === 1 ? `${from} pixels` : `${from} and ${sizes.size - 1} other sizes`;
  const notes =
    resized === 0
      ? []
      : [
          `${resized} of ${pictures.length} pictures were scaled and cut to the middle: ${were} to the model's ${width} × ${height}`,
        ];
  return { x: pixelValues(bytes), y: Int32Array.from(pictures, ({ label }) => label), count: pictures.length, notes };
}

async function dimensions(file: string): Promise<{ width: number; height: number; channels: 1 | 3 }> {
  const { default: sharp } = await import('sharp');
  const { size } = await stat(file).catch((error) => {
    throw fileError('read', file, error);
  });
  if (size > MOST_FILE_BYTES) throw refused(file, `has ${size} bytes; wanted at most ${MOST_FILE_BYTES}`);
  const found = await sharp(file)
    .metadata()
    .catch(async (error: Error) => {
      if (await isPointer(file)) throw refused(file, 'is a Git LFS pointer, not the picture', 'run git lfs pull');
      throw refused(file, `is no picture: ${error.message}`);
    });
  if (found.format !== 'png' && found.format !== 'jpeg') throw refused(file, `is ${found.format}; wanted PNG or JPEG`);
  const { width = 0, height = 0, channels = 3 } = found;
  if (width * height > MOST_PIXELS)
    throw refused(file, `has ${width} × ${height} pixels; wanted at most ${MOST_PIXELS}`);
  return { width, height, channels: channels < 3 ? 1 : 3 };
}

/** Transparency is left off, as by the readers of PyTorch and TensorFlow, and so is how a camera was held. */
async function decode(file: string, height: number, width: number, channels: 1 | 3) {
  const { default: sharp } = await import('sharp');
  const own = await dimensions(file);
  const resized = own.width !== width || own.height !== height;
  const picture = sharp(file, { failOn: 'warning', limitInputPixels: MOST_PIXELS });
  if (resized) picture.resize(width, height, { fit: 'cover', kernel: 'linear', fastShrinkOnLoad: false });
  const { data, info } = await picture
    .removeAlpha()
    .toColourspace(channels === 1 ? 'b-w' : 'srgb')
    .raw({ depth: 'uchar' })
    .toBuffer({ resolveWithObject: true })
    .catch((error: Error) => {
      throw refused(file, `cannot be decoded: ${error.message}`);
    });
  if (info.channels !== channels) throw refused(file, `has ${info.channels} channels; wanted ${channels}`);
  return { pixels: data, resized, from: `${own.width} × ${own.height}` };
}

async function isPointer(file: string): Promise<boolean> {
  return (await readFile(file, 'latin1')).startsWith(LFS_POINTER);
}

function refused(file: string, what: string, hint = 'mend the file or take it away'): ParapetError {
  return new ParapetError('usage', `${file}: ${(what.split('\n')[0] ?? '').replace(/:\s*$/, '')}`, hint);
}
