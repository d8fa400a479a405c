import { describe, expect, it } from 'vitest';
import { parseExternal } from './external-evaluation.ts';

const valid = {
  kind: 'external-evaluation',
  id: 'Someone2026Attack',
  name: 'An attack',
  authors: ['Some One'],
  licence: 'CC0-1.0',
  of: { submission: 'Undefended', track: 'mnist-linf-0.3' },
  examples: { file: 'examples.safetensors', sha256: 'a'.repeat(64) },
};
const mistakesOf = (over: object) => {
  const parsed = parseExternal({ ...valid, ...over });
  return 'mistakes' in parsed ? parsed.mistakes.map(({ path, message }) => `${path.join('.')}: ${message}`) : [];
};

describe('parseExternal', () => {
  it('reads what is whole, and fills in what may be left out', () => {
    expect(parseExternal(valid)).toEqual({ data: { ...valid, description: '', paper: null } });
  });

  it.each<[string, object, RegExp]>([
    ['a mistyped field', { lisence: 'MIT' }, /^lisence: there is no such field; did you mean 'licence'\?$/],
    ['a mistyped field further down', { of: { ...valid.of, trak: 1 } }, /^of\.trak: .* did you mean 'track'\?$/],
    [
      'a mistyped track',
      { of: { ...valid.of, track: 'mnist-linf-0.4' } },
      /^of\.track: there is no 'mnist-linf-0\.4'; did you mean 'mnist-linf-0\.3'\?$/,
    ],
    ['a field of a defense', { model: {} }, /^model: there is no such field/],
    [
      'a folder in the name of its file',
      { examples: { ...valid.examples, file: '../x' } },
      /^examples\.file: .* without folders/,
    ],
    [
      'a short digest',
      { examples: { ...valid.examples, sha256: 'abc' } },
      /^examples\.sha256: is 'abc'; wanted 64 digits/,
    ],
    ['a name that turns text around', { name: 'a\u202eb' }, /^name: holds a control or invisible character/],
    ['a script for an address', { code: 'http://example.org/x' }, /^code: .*wanted an https/],
    ['an id that is a route', { id: 'Index' }, /^id: is reserved/],
    ['no target', { of: undefined }, /^of: is missing; wanted fields of its own/],
  ])('refuses %s', (_, over, message) => {
    expect(mistakesOf(over)).toEqual([expect.stringMatching(message)]);
  });

  it('tells every mistake at once', () => {
    expect(mistakesOf({ name: 3, authors: [], licence: 7 })).toHaveLength(3);
  });
});
