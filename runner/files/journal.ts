/**
 * What an evaluation has done so far, so that a killed run goes on where it was.
 *
 * Append-only text. A record is one line: its length in bytes and its CRC-32, eight hexadecimal digits each, and a JSON
 * text. The first record names the format and what decides the numbers of the run; each other one is `[key, value]`, with
 * typed arrays as base64. A record is on the disk before its task counts as done. A torn tail is cut when the file is opened.
 */
import { type FileHandle, mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { crc32 } from 'node:zlib';
import { canonicalJson } from '#core/canonical.ts';
import { ParapetError } from '#core/errors.ts';
import { fileError } from './file-error.ts';
import { decodeValue, encodeValue } from './journal-values.ts';

const FORMAT = 'parapet-journal-1';
/** Two fields of eight digits, each with a space after it. */
const PREFIX = 18;

/** Everything that decides the numbers of a run. */
export type Identity = Readonly<Record<string, unknown>>;

export interface Journal {
  /** Names of what makes up the identity in which the file that was there differs; it was begun anew. Empty otherwise. */
  readonly discarded: readonly string[];
  keys(): string[];
  /** @returns what was recorded under the key, or undefined */
  get(key: string): unknown;
  /** Returns when the record is on the disk. */
  append(key: string, value: unknown): Promise<void>;
  close(): Promise<void>;
}

/**
 * Opens a journal, or begins it.
 * @param onMismatch what to do with a journal of a run that was another in something that decides its numbers
 * @throws ParapetError 'integrity' on a mismatch, when told to refuse it; 'infrastructure' when the disk does not take it
 */
export async function openJournal(
  path: string,
  identity: Identity,
  onMismatch: 'begin-anew' | 'refuse',
): Promise<Journal> {
  const file = await onDisk(path, async () => {
    await mkdir(dirname(path), { recursive: true });
    return open(path, 'a+');
  });
  try {
    const { records, end } = readRecords(await file.readFile());
    const discarded = mismatches(records[0], identity);
    if (discarded.length > 0 && onMismatch === 'refuse') {
      throw new ParapetError(
        'integrity',
        `${path}: the journal is of a run with another ${discarded.join(', ')}`,
        'shards of one evaluation need the same code, weights, data, suite, seed and kind of machine',
      );
    }
    const isNew = records.length === 0 || discarded.length > 0;
    await onDisk(path, () => file.truncate(isNew ? 0 : end));
    const journal = journalOf(path, file, isNew ? [] : records.slice(1), discarded);
    if (isNew) await onDisk(path, () => writeRecord(file, { format: FORMAT, identity }));
    return journal;
  } catch (error) {
    await file.close();
    throw error;
  }
}

function journalOf(path: string, file: FileHandle, records: readonly Buffer[], discarded: readonly string[]): Journal {
  const known = new Map<string, Buffer>();
  for (const record of records) known.set((JSON.parse(record.toString()) as [string])[0], record);
  let last: Promise<unknown> = Promise.resolve();
  return {
    discarded,
    keys: () => [...known.keys()],
    get(key) {
      const record = known.get(key);
      return record === undefined ? undefined : decodeValue((JSON.parse(record.toString()) as [string, unknown])[1]);
    },
    append(key, value) {
      const write = last.then(() => onDisk(path, () => writeRecord(file, [key, encodeValue(value)])));
      // The next record waits for this one, but does not fail for its sake.
      last = write.catch(() => {});
      return write;
    },
    async close() {
      await last;
      await file.close();
    },
  };
}

async function writeRecord(file: FileHandle, value: unknown): Promise<void> {
  const text = Buffer.from(JSON.stringify(value));
  const prefix = `${hex(text.length)} ${hex(crc32(text))} `;
  await file.appendFile(Buffer.concat([Buffer.from(prefix), text, Buffer.from('\n')]));
  await file.sync();
}

function hex(value: number): string {
  return value.toString(16).padStart(8, '0');
}

/** @returns the JSON texts of all whole records from the start, and where the last of them ends */
function readRecords(bytes: Buffer): { records: Buffer[]; end: number } {
  const records: Buffer[] = [];
  let end = 0;
  while (end + PREFIX < bytes.length) {
    const [length, checksum] = bytes.toString('latin1', end, end + PREFIX).split(' ');
    const start = end + PREFIX;
    const stop = start + Number.parseInt(length ?? '', 16);
    if (!(stop < bytes.length) || bytes[stop] !== 0x0a) break;
    const text = bytes.subarray(start, stop);
    if (hex(crc32(text)) !== checksum) break;
    records.push(text);
    end = stop + 1;
  }
  return { records, end };
}

/** Names of the parts of an identity in which a journal's header differs from it; none when there is no header. */
function mismatches(header: Buffer | undefined, identity: Identity): string[] {
  if (header === undefined) return [];
  const { format, identity: found } = JSON.parse(header.toString()) as { format?: unknown; identity?: Identity };
  if (format !== FORMAT || found === undefined) return ['format'];
  const names = new Set([...Object.keys(found), ...Object.keys(identity)]);
  return [...names].filter((name) => canonicalJson(found[name] ?? null) !== canonicalJson(identity[name] ?? null));
}

async function onDisk<T>(path: string, write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    throw fileError('write', path, error);
  }
}
