import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { canonicalJson } from './canonical.ts';
import { digestOf, utf8 } from './digest.ts';
import type { Result } from './result.ts';
import { parseResult } from './result-text.ts';

/** As the first published results were written: without a root, probes, or digests of a submission's parts. */
const golden = readFileSync(new URL('./testing/result-1.json', import.meta.url));
const older = JSON.parse(golden.toString()) as Result;

const parse = (text: string) => parseResult(utf8(text), 'A.json');
/** The older result with a field changed, and the digest that this gives it. */
const withDigest = (changes: object) => {
  const { digest: _, run, ...rest } = { ...older, ...changes } as Result;
  const attacks = rest.attacks.map(({ seconds: __, ...attack }) => attack);
  return JSON.stringify({ ...rest, run, digest: digestOf({ ...rest, attacks }) });
};
const text = JSON.stringify(older);

describe('a result of the first version', () => {
  it('is read as it was written, and keeps its digest', () => {
    const read = parseResult(golden, 'result-1.json');
    expect(canonicalJson(read)).toBe(canonicalJson(older));
    expect(read.digest).toBe('eb576c42ecda03ec7217b16605fb8500a774335a46d98438f92e2810e16217d1');
    expect(read.evidence).not.toHaveProperty('root');
  });

  it('may say what later ones say, which its digest then covers', () => {
    const evidence = { ...older.evidence, root: '1'.repeat(64) };
    const submission = { ...older.submission, manifestDigest: '2'.repeat(64), weightsDigest: '3'.repeat(64) };
    const read = parse(withDigest({ evidence, submission }));
    expect(read).toMatchObject({ evidence, submission });
    expect(read.digest).not.toBe(older.digest);
    expect(() => parse(JSON.stringify({ ...read, evidence: older.evidence }))).toThrow(/digest: /);
  });

  it('has one digest whatever the layout of its JSON, and however a number is written', () => {
    const reversed = JSON.stringify(Object.fromEntries(Object.entries(older).reverse()), null, 4);
    expect(parse(reversed).digest).toBe(older.digest);
    expect(parse(text.replace('"seed":0', '"seed":-0')).digest).toBe(older.digest);
    expect(parse(text.replace('"seed":0', '"seed":0.0e0')).digest).toBe(older.digest);
    expect(parse(text.replace('"value":0,', '"value":1e-400,')).digest).toBe(older.digest);
  });
});

describe('parseResult refuses, and names the file and the field', () => {
  it.each<[string, string, RegExp]>([
    ['a newer version', withDigest({ schemaVersion: 2 }), /^A\.json: schemaVersion 2; this program reads up to 1$/],
    ['a version that there never was', withDigest({ schemaVersion: 0 }), /schemaVersion: 0; wanted a whole number/],
    ['a version between', withDigest({ schemaVersion: 0.5 }), /schemaVersion: 0\.5; wanted/],
    ['a version as text', withDigest({ schemaVersion: '1' }), /schemaVersion: "1"; wanted/],
    ['no version', text.replace('"schemaVersion":1,', ''), /schemaVersion: none; wanted/],
    ['an unknown field, digest made to fit', withDigest({ note: 1 }), /Unrecognized key: "note"/],
    ['an unknown field deep down', text.replace('"verified":', '"seen":1,"verified":'), /evidence: Unrecognized key/],
    ['a field missing', text.replace('"seed":0,', ''), /seed: /],
    ['a root that is no SHA-256', withDigest({ evidence: { ...older.evidence, root: 'x' } }), /evidence\.root: /],
    ['a huge integer', text.replace('"seed":0', '"seed":9007199254740993'), /seed: /],
    ['an integer that is none', text.replace('"seed":0', '"seed":0.5'), /seed: /],
    ['a number beyond every other', text.replace('"seconds":', '"seconds":1e999,"_":'), /seconds: |Unrecognized/],
    ['a fraction of 1e400', text.replace('"value":0,', '"value":1e400,'), /value: /],
    ['a lone surrogate', text.replace('AMD EPYC', '\\ud800'), /cannot hold a lone surrogate/],
    ['a lone surrogate in a key', text.replace('"tfjs":', '"\\udfff":'), /cannot hold a lone surrogate/],
    ['__proto__ at the top', text.replace('{', '{"__proto__":{"seed":1},'), /Unrecognized key: "__proto__"/],
    [
      '__proto__ among options',
      text.replace('"steps":', '"__proto__":1,"steps":'),
      /__proto__|a key that no result has/,
    ],
    [
      '__proto__ among versions',
      text.replace('"node":', '"__proto__":"1","node":'),
      /__proto__|a key that no result has/,
    ],
    ['constructor at the top', text.replace('{', '{"constructor":1,'), /Unrecognized key: "constructor"/],
    ['a key twice', text.replace('"seed":0', '"seed":7,"seed":0'), /names the key 'seed' twice/],
    ['a key twice, escaped', text.replace('"seed":0', '"s\\u0065ed":7,"seed":0'), /names the key 'seed' twice/],
    ['no object', '3', /schemaVersion|result: /],
    ['null', 'null', /result: /],
    ['a list', '[]', /result: /],
    ['nothing', '', /not JSON/],
    ['half of it', text.slice(0, text.length / 2), /not JSON/],
    ['a number changed', text.replace('"examples":100', '"examples":99'), /^A\.json: digest: eb576c42/],
    ['the digest of another', text.replace(older.digest, '0'.repeat(64)), /digest: 0{64} stands there/],
  ])('%s', (_, changed, message) => {
    expect(changed).not.toBe(text);
    expect(() => parse(changed)).toThrow(expect.objectContaining({ kind: 'integrity' }));
    expect(() => parse(changed)).toThrow(message);
    expect(() => parse(changed)).toThrow(/^A\.json: /);
  });

  it('bytes that are not UTF-8', () => {
    const bytes = utf8(text);
    bytes[text.indexOf('AMD')] = 0xff;
    expect(() => parseResult(bytes, 'A.json')).toThrow(/^A\.json: is not JSON in UTF-8$/);
  });
});
