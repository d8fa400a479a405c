import { describe, expect, test } from 'vitest';
import { parseSubmission } from './submission-text.ts';
import { manifest } from './testing/manifest.ts';

const bytes = (text: string) => new TextEncoder().encode(text);

describe('the text of submission.yaml', () => {
  const change = (from: string | RegExp, to: string) => manifest.replace(from, to);
  test('is read', () => {
    expect(parseSubmission(bytes(manifest)).id).toBe('Someone2020Method');
    expect(parseSubmission(bytes(`\ufeff${manifest.replaceAll('\n', '\r\n')}`)).name).toBe('A method');
    expect(parseSubmission(bytes(change('A method', 'NO'))).name).toBe('NO');
  });

  test.each<[string, string | Uint8Array, string]>([
    [
      'a mistyped field, at the field',
      change('licence', 'lisence'),
      "submission.yaml:4:1 lisence: there is no such field; did you mean 'licence'?",
    ],
    ['a wrong value, at the value', change('[mnist]', '[mnits]'), 'submission.yaml:5:12 datasets.0: '],
    [
      'a missing field, where it belongs',
      change('  format: safetensors\n', ''),
      'submission.yaml:7:3 model.format: is missing',
    ],
    [
      'a wrong name further down',
      change('method: standard', 'method: magic'),
      "submission.yaml:10:11 recipe.method: there is no 'magic'",
    ],
    [
      'a number that YAML made of a name',
      change('A method', '1e3'),
      'submission.yaml:2:7 name: is 1000; wanted a text',
    ],
    ['a key that stands twice', `${manifest}name: again\n`, 'submission.yaml:12:1 Map keys must be unique'],
    ['a tab for indentation', change('  format', '\tformat'), 'submission.yaml:7:1'],
    ['__proto__', `${manifest}__proto__: { x: 1 }\n`, 'submission.yaml:12:1 __proto__: there can be no field'],
    ['a tag', change('A method', '!!js/function x'), 'submission.yaml:2:7 Unresolved tag'],
    ['two documents', `${manifest}---\nid: x\n`, 'multiple documents'],
    ['nothing', '', 'submission.yaml:1:1 wanted fields'],
    ['a NUL', change('A method', 'A\0method'), 'a NUL character'],
    ['bytes that are no UTF-8', Uint8Array.of(0x69, 0xff), 'is not text in UTF-8'],
    ['10 MB', 'a'.repeat(10_000_000), '10000000 bytes; wanted at most 65536'],
    [
      'an alias bomb',
      `a: &a [x,x]\nb: &b [*a,*a]\n${Array.from({ length: 30 }, (_, i) => `c${i}: *b\n`).join('')}`,
      'more than 20 aliases',
    ],
    ['an alias of nothing', change('[mnist]', '[*nist]'), 'submission.yaml:5:12 *nist: no &nist stands before it'],
    [
      'few aliases that grow to many',
      `a: &a [x,x]\nb: &b [*a,*a]\nc: &c [*b,*b]\nd: &d [*c,*c]\ne: [*d,*d]\n`,
      'submission.yaml:1:1 Excessive alias count',
    ],
    ['brackets without end', '['.repeat(60_000), 'brackets inside one another'],
    [
      'dashes without end',
      `a:\n${Array.from({ length: 200 }, (_, i) => `${' '.repeat(i)}-\n`).join('')}`,
      'nested too deeply',
    ],
  ])('with %s is refused with its line and column', (_name, text, message) => {
    const read = () => parseSubmission(typeof text === 'string' ? bytes(text) : text);
    expect(read).toThrow(expect.objectContaining({ kind: 'submission', message: expect.stringContaining(message) }));
    expect(({} as { x?: number }).x).toBeUndefined();
  });

  test('every mistake is told at once, in the order of the lines', () => {
    const text = change('A method', '3').replace('MIT', '[1]').replace('[mnist]', '[]');
    expect(() => parseSubmission(bytes(text))).toThrow(
      /^submission\.yaml:2:7 .*\nsubmission\.yaml:4:10 .*\nsubmission\.yaml:5:11 [^\n]*$/,
    );
  });
});
