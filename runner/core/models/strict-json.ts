/** JSON from strangers: UTF-8, and no key twice in an object, where JSON.parse would silently keep the last. */

/**
 * @param refuse says what is wrong, as the format's reader does
 * @returns the value; nothing about its shape is checked
 */
export function parseStrictJson(bytes: Uint8Array, refuse: (what: string) => never): unknown {
  let text: string;
  let value: unknown;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    value = JSON.parse(text);
  } catch {
    return refuse('is not JSON in UTF-8');
  }
  refuseDuplicateKeys(text, refuse);
  return value;
}

function refuseDuplicateKeys(text: string, refuse: (what: string) => never): void {
  const seen: Set<string>[] = [];
  const token = /"(?:[^"\\]|\\.)*"(\s*:)?|[{}]/g;
  for (const match of text.matchAll(token)) {
    if (match[0] === '{') seen.push(new Set());
    else if (match[0] === '}') seen.pop();
    else if (match[1] !== undefined) {
      const key = JSON.parse(match[0].slice(0, match[0].length - match[1].length)) as string;
      const keys = seen.at(-1);
      if (keys?.has(key)) refuse(`names the key '${key}' twice in one object`);
      keys?.add(key);
    }
  }
}

/** Whether a parsed value is an object, not a list. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
