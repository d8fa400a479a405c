import type { z } from 'zod';
import { canonicalJson } from './canonical.ts';
import { ParapetError } from './errors.ts';
import { isRecord, parseStrictJson } from './models/strict-json.ts';
import { type Result, resultDigest, resultSchema } from './result.ts';

const NEWEST = 1;

/** What is particular to a kind of results. */
interface Kind<T> {
  /** A result as each version of the format wrote it, and what makes of it one of today. */
  readonly readers: ReadonlyMap<number, z.ZodType<T>>;
  readonly digest: (result: T) => string;
}

const defense: Kind<Result> = { readers: new Map([[1, resultSchema]]), digest: resultDigest };

/** Reads the published result of a defense. @throws ParapetError 'integrity'; see `parseAs` */
export function parseResult(bytes: Uint8Array, name: string): Result {
  return parseAs(defense, bytes, name);
}

/**
 * Reads a published result of a kind: of any version, exactly as it was written, and with the digest that it says.
 *
 * Nothing is passed over in silence, since the file itself is what others will read: not a key twice, nor one that the
 * schema would drop, nor text that is no Unicode.
 * @param name of the file, for the message
 * @throws ParapetError 'integrity' that names the file and the field
 */
export function parseAs<T extends { readonly digest: string }>(
  { readers, digest: digestOf }: Kind<T>,
  bytes: Uint8Array,
  name: string,
): T {
  const refuse = (what: string, hint?: string): never => {
    throw new ParapetError('integrity', `${name}: ${what}`, hint);
  };
  const value = parseStrictJson(bytes, refuse);
  const version = isRecord(value) ? value['schemaVersion'] : NEWEST;
  if (typeof version === 'number' && version > NEWEST) {
    refuse(`schemaVersion ${version}; this program reads up to ${NEWEST}`, 'use a newer Parapet');
  }
  const reader = readers.get(version as number);
  if (reader === undefined) {
    return refuse(`schemaVersion: ${JSON.stringify(version) ?? 'none'}; wanted a whole number from 1 to ${NEWEST}`);
  }
  const parsed = reader.safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return refuse(`${issue?.path.join('.') || 'result'}: ${issue?.message}`);
  }
  const result = parsed.data;
  if (canonicalOf(value, refuse) !== canonicalJson(result)) refuse('it holds a key that no result has');
  const digest = digestOf(result);
  if (digest === result.digest) return result;
  return refuse(
    `digest: ${result.digest} stands there; the contents give ${digest}`,
    'a published result is never edited: evaluate again',
  );
}

function canonicalOf(value: unknown, refuse: (what: string) => never): string {
  try {
    return canonicalJson(value);
  } catch (error) {
    if (error instanceof TypeError) return refuse(error.message);
    throw error;
  }
}
