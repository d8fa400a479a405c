/**
 * Zip archives as NumPy writes them: entries stored or deflated, sizes in the directory at the end, which alone is trusted.
 *
 * Source: PKWARE, APPNOTE.TXT, https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT, 4.3.
 */
import { crc32, inflateRawSync } from 'node:zlib';
import { ParapetError } from '#core/errors.ts';

const LOCAL = 0x04034b50;
const CENTRAL = 0x02014b50;
const END = 0x06054b50;
/** The end of the directory, without and with the longest comment. */
const END_BYTES = 22;
const MOST_COMMENT = 0xffff;

const MOST_ENTRIES = 1000;
const MOST_BYTES = 2 ** 31;

/**
 * @param bytes a whole archive
 * @param path names it in an error
 * @returns how to read each entry by its name
 * @throws ParapetError 'usage' for what is no archive, or one that is damaged, encrypted or too large
 */
export function readZip(bytes: Uint8Array, path: string): Map<string, () => Uint8Array> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const refuse = (what: string): never => {
    throw new ParapetError('usage', `${path}: ${what}`, 'save it again: np.savez(path, x=x, y=y)');
  };
  let end = bytes.length - END_BYTES;
  while (end >= 0 && end >= bytes.length - END_BYTES - MOST_COMMENT && view.getUint32(end, true) !== END) end--;
  if (end < 0 || view.getUint32(end, true) !== END) return refuse('is no zip archive, or cut short');
  const count = view.getUint16(end + 10, true);
  if (count > MOST_ENTRIES) refuse(`has ${count} entries; wanted at most ${MOST_ENTRIES}`);
  const entries = new Map<string, () => Uint8Array>();
  let at = view.getUint32(end + 16, true);
  let total = 0;
  for (let i = 0; i < count; i++) {
    if (at + 46 > end || view.getUint32(at, true) !== CENTRAL) refuse('has a directory that is damaged');
    const u16 = (offset: number) => view.getUint16(at + offset, true);
    const u32 = (offset: number) => view.getUint32(at + offset, true);
    const [flags, method, checksum, packed, size] = [u16(8), u16(10), u32(16), u32(20), u32(24)] as const;
    const local = u32(42);
    const name = new TextDecoder().decode(bytes.subarray(at + 46, at + 46 + u16(28)));
    total += size;
    if (total > MOST_BYTES) refuse(`holds more than ${MOST_BYTES} bytes`);
    if ((flags & 1) !== 0) refuse(`'${name}' is encrypted`);
    if (method !== 0 && method !== 8) refuse(`'${name}' is packed by method ${method}; wanted stored or deflated`);
    if (entries.has(name)) refuse(`'${name}' stands twice in it`);
    entries.set(name, () => {
      if (local + 30 > bytes.length || view.getUint32(local, true) !== LOCAL)
        refuse(`'${name}' is not where it should be`);
      const start = local + 30 + view.getUint16(local + 26, true) + view.getUint16(local + 28, true);
      if (start + packed > bytes.length) refuse(`'${name}' is cut short`);
      const stored = bytes.subarray(start, start + packed);
      const data = method === 0 ? stored : inflated(stored, size);
      if (data === null || data.length !== size || crc32(data) !== checksum) return refuse(`'${name}' is damaged`);
      return data;
    });
    at += 46 + u16(28) + u16(30) + u16(32);
  }
  return entries;
}

/** null when it does not unpack, or to more than was promised. */
function inflated(packed: Uint8Array, size: number): Uint8Array | null {
  try {
    return inflateRawSync(packed, { maxOutputLength: Math.max(1, size) });
  } catch {
    return null;
  }
}

/** @returns an archive of the entries, stored as they are */
export function writeZip(entries: Readonly<Record<string, Uint8Array>>): Uint8Array {
  const parts: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let position = 0;
  for (const [name, data] of Object.entries(entries)) {
    const text = Buffer.from(name);
    // Version, flags, method, time and date (1980-01-01), checksum and sizes: the same in both places.
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(0x21, 8);
    common.writeUInt32LE(crc32(data), 10);
    common.writeUInt32LE(data.length, 14);
    common.writeUInt32LE(data.length, 18);
    common.writeUInt16LE(text.length, 22);
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE(position, 10);
    directory.push(uint32(CENTRAL), uint16(20), common, tail, text);
    const local = [uint32(LOCAL), common, text, data];
    parts.push(...local);
    position += local.reduce((sum, part) => sum + part.length, 0);
  }
  const count = Object.keys(entries).length;
  const length = directory.reduce((sum, part) => sum + part.length, 0);
  const end = Buffer.alloc(END_BYTES);
  end.writeUInt32LE(END, 0);
  end.writeUInt16LE(count, 8);
  end.writeUInt16LE(count, 10);
  end.writeUInt32LE(length, 12);
  end.writeUInt32LE(position, 16);
  return Buffer.concat([...parts, ...directory, end]);
}

function uint16(value: number): Uint8Array {
  return Uint8Array.of(value & 0xff, value >> 8);
}

function uint32(value: number): Uint8Array {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}
