/**
 * The log of publications, `results/log.jsonl`: one line for each time that a result was published, each naming the line before it by
 * its digest, so that no line can be edited, removed or moved without those after it ceasing to fit.
 *
 * A line is the canonical JSON of an entry. The file is only ever added to. What it cannot show is that its last lines were
 * taken away together with the results that they name: that shows against a line that somebody remembers (`lineWith`).
 */
import { z } from 'zod';
import { canonicalJson } from './canonical.ts';
import { sha256, utf8 } from './digest.ts';
import { ParapetError } from './errors.ts';
import { isRecord, parseStrictJson } from './models/strict-json.ts';

/** Name of the log in the folder of the results. */
export const logName = 'log.jsonl';

const hash = z.string().regex(/^[0-9a-f]{64}$/, 'a SHA-256 in hexadecimal');

const entrySchema = z.strictObject({
  /** Place of the line, from 0. */
  index: z.int().min(0),
  /** Of the result, below the folder of the results, with forward slashes. */
  path: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]*(\/[A-Za-z0-9][A-Za-z0-9._-]*)+\.json$/, 'a path of a result'),
  /** Digest that the result says of itself. */
  digest: hash,
  /** When the result was made: its `run.date`. */
  date: z.iso.datetime(),
  /** Digest of the result that this one replaces at its path; null for the first. */
  previous: hash.nullable(),
  /** SHA-256 of the line before, without its end; null for the first. */
  link: hash.nullable(),
});

export type LogEntry = z.infer<typeof entrySchema>;

/** What an entry says of a result. */
export type Publication = Pick<LogEntry, 'path' | 'digest' | 'date'>;

export interface Log {
  readonly entries: readonly LogEntry[];
  /** SHA-256 of each line. */
  readonly lines: readonly string[];
  /** The last entry of each path. */
  readonly last: ReadonlyMap<string, LogEntry>;
}

/**
 * @param text of the whole file
 * @param name of the file, for messages
 * @throws ParapetError 'integrity' that names the first line that does not fit, and what does not
 */
export function parseLog(text: string, name: string): Log {
  const entries: LogEntry[] = [];
  const lines: string[] = [];
  const last = new Map<string, LogEntry>();
  const texts = text === '' ? [] : text.split('\n');
  if (texts.length > 0 && texts.pop() !== '') refuse(name, texts.length, 'the line is cut off');
  texts.forEach((line, i) => {
    const entry = parseEntry(line, name, i);
    const link = lines.at(-1) ?? null;
    const previous = last.get(entry.path)?.digest ?? null;
    if (entry.index !== i) refuse(name, i, `index: ${entry.index}; wanted ${i}: a line was removed or moved`);
    if (entry.link !== link) refuse(name, i, `link: ${entry.link}; the line before has ${link}: that line was altered`);
    if (entry.previous !== previous)
      refuse(name, i, `previous: ${entry.previous}; the last entry of ${entry.path} before has ${previous}`);
    entries.push(entry);
    lines.push(sha256(utf8(line)));
    last.set(entry.path, entry);
  });
  return { entries, lines, last };
}

function parseEntry(line: string, name: string, i: number): LogEntry {
  const parsed = entrySchema.safeParse(parseStrictJson(utf8(line), (what) => refuse(name, i, what)));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return refuse(name, i, `${issue?.path.join('.') || 'the line'}: ${issue?.message}`);
  }
  if (canonicalJson(parsed.data) !== line) refuse(name, i, 'is not in canonical form (RFC 8785)');
  return parsed.data;
}

function refuse(name: string, i: number, what: string): never {
  throw new ParapetError(
    'integrity',
    `${name}:${i + 1}: ${what}`,
    'the log is only ever added to: restore it from git',
  );
}

/**
 * @returns the text of the log with one more line; as it is when its last line of the path says the same
 * @throws ParapetError 'integrity' when the log does not hold together
 */
export function addToLog(text: string, { path, digest, date }: Publication, name: string): string {
  const { entries, lines, last } = parseLog(text, name);
  const before = last.get(path);
  if (before?.digest === digest && before.date === date) return text;
  const link = lines.at(-1) ?? null;
  const entry = entrySchema.parse({
    index: entries.length,
    path,
    digest,
    date,
    previous: before?.digest ?? null,
    link,
  });
  return `${text}${canonicalJson(entry)}\n`;
}

/** @returns what is wrong with a result that lies at its path, in a sentence; null when it is the last that was published */
export function checkPublished(
  { entries, last }: Log,
  { path, digest, date }: Publication,
  name: string,
): string | null {
  const entry = last.get(path);
  if (entry === undefined) return `${name} has no entry of ${path}`;
  if (entry.digest === digest && entry.date === date) return null;
  const line = (at: LogEntry) => `${name}:${at.index + 1}`;
  const older = entries.find((one) => one.path === path && one.digest === digest && one.date === date);
  if (older !== undefined) return `${path} is the older result of ${line(older)}; the last is of ${line(entry)}`;
  return entry.digest === digest
    ? `${path} is of ${date}; ${line(entry)} says ${entry.date}`
    : `${path} has the digest ${digest}; ${line(entry)} says ${entry.digest}`;
}

/**
 * Holds a log and all results that lie there against each other.
 * @returns what does not fit, a sentence each: results that are not the last of their path, and entries without a result
 */
export function checkAllPublished(log: Log, published: readonly Publication[], name: string): string[] {
  const here = new Set(published.map(({ path }) => path));
  const missing = [...log.last.values()].filter(({ path }) => !here.has(path));
  return [
    ...published.flatMap((one) => checkPublished(log, one, name) ?? []),
    ...missing.map(({ path, index }) => `${path} is not there; ${name}:${index + 1} says that it was published`),
  ];
}

/** @returns the place of the line with this SHA-256, or -1: whether the log goes on from what somebody remembers */
export function lineWith({ lines }: Log, hash: string): number {
  return lines.indexOf(hash);
}

/**
 * What a file below the folder of the results says of itself, whatever kind of result it is. Whether its contents have
 * that digest is for the reader of its kind to check.
 * @throws ParapetError 'integrity' when it says no digest or date
 */
export function publicationOf(bytes: Uint8Array, path: string): Publication {
  const refuseFile = (what: string): never => {
    throw new ParapetError('integrity', `${path}: ${what}`);
  };
  const value = parseStrictJson(bytes, refuseFile);
  const run = isRecord(value) ? value['run'] : undefined;
  const said = entrySchema
    .pick({ digest: true, date: true })
    .safeParse(isRecord(value) && isRecord(run) ? { digest: value['digest'], date: run['date'] } : {});
  return said.success ? { path, ...said.data } : refuseFile('it says no digest or no date of its run');
}
