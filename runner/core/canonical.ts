/**
 * Canonical JSON (RFC 8785): the one text of a value, so that its digest means the value and not its layout.
 *
 * Keys are sorted by UTF-16 code units, numbers are written as ECMAScript writes them, and there is no space. Keys whose
 * value is undefined are left out, as `JSON.stringify` does.
 *
 * Source: Rundgren et al., "JSON Canonicalization Scheme (JCS)", RFC 8785, https://www.rfc-editor.org/rfc/rfc8785.
 *
 * @throws TypeError on what JSON cannot say exactly: a number that is not finite, a lone surrogate, a function, a bigint
 */
export function canonicalJson(value: unknown): string {
  if (value === null || typeof value === 'boolean') return String(value);
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new TypeError(`canonical JSON cannot hold the number ${value}`);
    return JSON.stringify(value);
  }
  if (typeof value === 'string') return canonicalString(value);
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value === 'object') {
    const entries = Object.entries(value).filter(([, member]) => member !== undefined);
    entries.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
    return `{${entries.map(([key, member]) => `${canonicalString(key)}:${canonicalJson(member)}`).join(',')}}`;
  }
  throw new TypeError(`canonical JSON cannot hold a ${typeof value}`);
}

function canonicalString(text: string): string {
  if (!text.isWellFormed()) throw new TypeError('canonical JSON cannot hold a lone surrogate');
  return JSON.stringify(text);
}
