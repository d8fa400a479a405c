import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson } from './canonical.ts';
import { sha256, utf8 } from './digest.ts';
import {
  addToLog,
  checkAllPublished,
  checkPublished,
  type LogEntry,
  lineWith,
  type Publication,
  parseLog,
  publicationOf,
} from './publication-log.ts';

const name = 'results/log.jsonl';
const digestNumber = (n: number) => n.toString(16).padStart(64, '0');
const publication = (path: string, n: number): Publication => ({
  path: `quick/t/${path}.json`,
  digest: digestNumber(n),
  date: `2026-01-${String(1 + (n % 28)).padStart(2, '0')}T00:00:00Z`,
});
const logOf = (...publications: Publication[]) => publications.reduce((text, one) => addToLog(text, one, name), '');

/** A is published, B, A anew, and C. */
const history = [publication('A', 1), publication('B', 2), publication('A', 3), publication('C', 4)];
const text = logOf(...history);
const lines = text.split('\n').slice(0, -1);
const of = (...some: (string | undefined)[]) => some.map((line) => `${line}\n`).join('');
/** What a forger writes who does not mend what comes after. */
const edited = (at: number, changes: Partial<LogEntry>) =>
  of(...lines.with(at, canonicalJson({ ...JSON.parse(lines[at] ?? ''), ...changes })));
const now = [publication('A', 3), publication('B', 2), publication('C', 4)];

describe('the log', () => {
  it('has a line for each publication, which names the line before and the result before', () => {
    expect(parseLog(text, name).entries).toEqual([
      { index: 0, ...history[0], previous: null, link: null },
      { index: 1, ...history[1], previous: null, link: sha256(utf8(lines[0] ?? '')) },
      { index: 2, ...history[2], previous: digestNumber(1), link: sha256(utf8(lines[1] ?? '')) },
      { index: 3, ...history[3], previous: null, link: sha256(utf8(lines[2] ?? '')) },
    ]);
    expect(checkAllPublished(parseLog(text, name), now, name)).toEqual([]);
    expect(parseLog('', name).entries).toEqual([]);
  });

  it('takes the same publication once, and only ever grows', () => {
    expect(addToLog(text, publication('C', 4), name)).toBe(text);
    const again = addToLog(text, publication('B', 5), name);
    expect(again.startsWith(text)).toBe(true);
    expect(parseLog(again, name).entries.at(-1)?.previous).toBe(digestNumber(2));
  });

  it.each<[string, string, RegExp]>([
    ['a line edited', edited(1, { date: '2026-02-01T00:00:00Z' }), /^results\/log\.jsonl:3: link: /],
    ['a digest edited', edited(0, { digest: digestNumber(9) }), /^results\/log\.jsonl:2: link: /],
    ['the first line removed', of(...lines.slice(1)), /^results\/log\.jsonl:1: index: 1; wanted 0/],
    ['a line removed', of(...lines.toSpliced(1, 1)), /^results\/log\.jsonl:2: index: 2; wanted 1/],
    ['two lines exchanged', of(lines[0], lines[2], lines[1], lines[3]), /^results\/log\.jsonl:2: index: 2; wanted 1/],
    ['a line twice', of(lines[0], lines[0]), /^results\/log\.jsonl:2: index: 0; wanted 1/],
    ['a line moved, its index made to fit', of(lines[0], lines[2]?.replace('"index":2', '"index":1')), /:2: link: /],
    ['another result before', edited(3, { previous: digestNumber(1) }), /:4: previous: 0+1; .* before has null/],
    ['a result before left out', edited(2, { previous: null }), /:3: previous: null; .* before has 0+1/],
    ['the last line torn', text.slice(0, -20), /^results\/log\.jsonl:4: the line is cut off/],
    ['the last end of line missing', text.slice(0, -1), /:4: the line is cut off/],
    ['an empty line', `${text}\n`, /:5: is not JSON/],
    ['a space within a line', text.replace('":2', '": 2'), /:3: is not in canonical form/],
    ['ends of lines as of Windows', text.replaceAll('\n', '\r\n'), /:1: /],
    ['a key that there is not', edited(3, { note: 1 } as object), /:4: the line: Unrecognized key/],
    ['a path that leads elsewhere', edited(3, { path: '../x/y.json' }), /:4: path: /],
    ['a key twice', text.replace('{"date"', '{"index":0,"date"'), /:1: names the key 'index' twice/],
  ])('does not hold together with %s', (_, altered, message) => {
    expect(altered).not.toBe(text);
    expect(() => parseLog(altered, name)).toThrow(expect.objectContaining({ kind: 'integrity' }));
    expect(() => parseLog(altered, name)).toThrow(message);
    expect(() => addToLog(altered, publication('D', 5), name)).toThrow(message);
  });

  it('does not take any one character for another', () => {
    fc.assert(
      fc.property(fc.nat(text.length - 1), fc.constantFrom('0', 'a', '"', '\n', ' '), (at, character) => {
        if (text[at] === character) return;
        const altered = text.slice(0, at) + character + text.slice(at + 1);
        const problems = () => checkAllPublished(parseLog(altered, name), now, name);
        let found: unknown;
        try {
          found = problems();
        } catch (error) {
          found = error;
        }
        expect(found).not.toEqual([]);
      }),
      { numRuns: 300 },
    );
  });
});

describe('results beside the log', () => {
  const check = (published: readonly Publication[], log = text) =>
    checkAllPublished(parseLog(log, name), published, name);

  it.each<[string, readonly Publication[], RegExp]>([
    [
      'rolled back',
      now.with(0, publication('A', 1)),
      /^quick\/t\/A\.json is the older result of .*:1; the last is of .*:3$/,
    ],
    ['replaced unsaid', now.with(1, publication('B', 7)), /^quick\/t\/B\.json has the digest 0+7; .*:2 says 0+2$/],
    ['unsaid', [...now, publication('D', 7)], /^results\/log\.jsonl has no entry of quick\/t\/D\.json$/],
    ['taken away', now.slice(1), /^quick\/t\/A\.json is not there; .*:3 says that it was published$/],
    [
      'dated anew',
      now.with(2, { ...publication('C', 4), date: '2027-01-01T00:00:00Z' }),
      /^quick\/t\/C\.json is of 2027-.*; .*:4 says 2026-/,
    ],
    [
      'given the result of another',
      now.with(1, { ...publication('A', 3), path: 'quick/t/B.json' }),
      /B\.json has the digest/,
    ],
  ])('one that was %s is named with the line that says otherwise', (_, published, message) => {
    expect(check(published)).toEqual([expect.stringMatching(message)]);
  });

  it('a chain rolled back alone is seen by the results that came after', () => {
    expect(check(now, of(...lines.slice(0, 2)))).toEqual([
      expect.stringMatching(/A\.json has the digest 0+3; .*:1 says 0+1/),
      expect.stringMatching(/no entry of quick\/t\/C\.json/),
    ]);
  });

  it('a chain rolled back together with its results is seen by who remembers a line of it', () => {
    const rolledBack = parseLog(of(...lines.slice(0, 2)), name);
    expect(checkAllPublished(rolledBack, [publication('A', 1), publication('B', 2)], name)).toEqual([]);
    const remembered = sha256(utf8(lines[3] ?? ''));
    expect(lineWith(rolledBack, remembered)).toBe(-1);
    expect(lineWith(parseLog(text, name), remembered)).toBe(3);
    expect(lineWith(parseLog(addToLog(text, publication('D', 9), name), name), remembered)).toBe(3);
  });

  it('say themselves what they are, whatever kind they are', () => {
    const file = (value: unknown) => utf8(JSON.stringify(value));
    const run = { date: '2026-01-01T00:00:00Z', host: 'x' };
    const digest = digestNumber(1);
    const said = publicationOf(file({ kind: 'another', digest, run }), 'external/t/A.json');
    expect(said).toEqual({ path: 'external/t/A.json', digest, date: run.date });
    expect(checkPublished(parseLog(logOf(said), name), said, name)).toBeNull();
    for (const value of [null, 3, [], { run }, { digest }, { digest: 'x', run }, { digest, run: { date: 'today' } }])
      expect(() => publicationOf(file(value), 'a/b.json')).toThrow(/^a\/b\.json: it says no digest or no date/);
    expect(() => publicationOf(utf8('{'), 'a/b.json')).toThrow(/^a\/b\.json: is not JSON/);
  });
});
