import canonicalize from 'canonicalize';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson } from './canonical.ts';

describe('canonicalJson', () => {
  it('sorts keys by UTF-16 code units and writes no space (example of RFC 8785, §3.2.3)', () => {
    const value = {
      '\u20ac': 'Euro Sign',
      '\r': 'Carriage Return',
      '\ufb33': 'Hebrew',
      1: 'One',
      '\ud83d\ude00': 'Smiley',
    };
    expect(canonicalJson(value)).toBe(
      '{"\\r":"Carriage Return","1":"One","€":"Euro Sign","😀":"Smiley","\ufb33":"Hebrew"}',
    );
  });

  it('writes numbers as ECMAScript does', () => {
    expect(canonicalJson([1e30, 4.5, 2e-3, 1e-27, -0, 5e-324])).toBe('[1e+30,4.5,0.002,1e-27,0,5e-324]');
  });

  it('leaves undefined members out', () => {
    expect(canonicalJson({ b: undefined, a: [] })).toBe('{"a":[]}');
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, 10n, () => 1, '\ud800', { '\udfff': 1 }])('refuses %s', (value) => {
    expect(() => canonicalJson(value)).toThrow(TypeError);
  });

  it('agrees with an independent implementation on any JSON value', () => {
    fc.assert(fc.property(fc.jsonValue(), (value) => canonicalJson(value) === canonicalize(value)));
  });
});
