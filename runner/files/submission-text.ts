/** A submission.yaml as text → a checked submission, with every mistake at once, each with its line and column. */
import { isMap, isScalar, LineCounter, type Node, parseDocument, visit } from 'yaml';
import type { z } from 'zod';
import { ParapetError } from '#core/errors.ts';
import { type Submission, submissionSchema } from '#core/submission.ts';
import { closest } from './closest.ts';

const MOST_BYTES = 64 * 1024;
const MOST_ALIASES = 20;
const forbiddenKeys = new Set(['__proto__', 'constructor', 'prototype']);

interface Mistake {
  readonly offset: number;
  readonly text: string;
}

/**
 * @param bytes the file
 * @param name how messages call it
 * @throws ParapetError 'submission' with one line per mistake
 */
export function parseSubmission(bytes: Uint8Array, name = 'submission.yaml'): Submission {
  const fail = (lines: readonly string[]): never => {
    throw new ParapetError('submission', lines.map((line) => `${name}:${line}`).join('\n'), 'docs/submission.md explains every field');
  };
  if (bytes.length > MOST_BYTES) fail([` ${bytes.length} bytes; wanted at most ${MOST_BYTES}`]);
  let text = '';
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    fail([' it is not text in UTF-8']);
  }
  const nul = text.indexOf('\0');
  if (nul >= 0) fail([` a NUL character at offset ${nul}`]);

  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true, prettyErrors: false, version: '1.2', schema: 'core' });
  const at = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return `${line}:${col}`;
  };
  const report = (mistakes: readonly Mistake[]) =>
    fail([...mistakes].sort((a, b) => a.offset - b.offset).map(({ offset, text: mistake }) => `${at(offset)} ${mistake}`));

  if (document.errors.length > 0) report(document.errors.map(({ pos, message }) => ({ offset: pos[0], text: message })));
  const mistakes: Mistake[] = [];
  visit(document, {
    Pair(_, { key }) {
      if (isScalar(key) && forbiddenKeys.has(String(key.value))) {
        mistakes.push({ offset: key.range?.[0] ?? 0, text: `the key '${String(key.value)}' is not allowed` });
      }
    },
  });
  if (mistakes.length > 0) report(mistakes);
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: MOST_ALIASES });
  } catch (error) {
    fail([` ${(error as Error).message}`]);
  }
  const parsed = submissionSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  return report(parsed.error.issues.flatMap((issue) => describe(issue, document.contents)));
}

/** The mistakes behind one issue, each where it stands: an unknown key at the key, a missing field at its parent. */
function describe(issue: z.core.$ZodIssue, root: Node | null): Mistake[] {
  const field = issue.path.join('.');
  const node = find(root, issue.path);
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => {
      const guess = closest(key, knownKeys(issue.path));
      const hint = guess === undefined ? '' : `; did you mean '${guess}'?`;
      return { offset: keyOffset(node, key), text: `${[...issue.path, key].join('.')}: there is no such field${hint}` };
    });
  }
  return [{ offset: node?.range?.[0] ?? 0, text: `${field === '' ? 'the file' : field}: ${issue.message}` }];
}

/** The deepest node on the way to a path that exists. */
function find(root: Node | null, path: readonly PropertyKey[]): Node | null {
  let node = root;
  for (const step of path) {
    const next = isMap(node) || (node !== null && 'items' in (node as object)) ? (node as unknown as { get(key: unknown, keep: true): unknown }).get(step, true) : undefined;
    if (next === undefined || next === null) return node;
    node = next as Node;
  }
  return node;
}

function keyOffset(node: Node | null, key: string): number {
  if (!isMap(node)) return 0;
  const pair = node.items.find((item) => isScalar(item.key) && item.key.value === key);
  return (pair?.key as Node | undefined)?.range?.[0] ?? 0;
}

/** Fields that the schema knows at a path. */
function knownKeys(path: readonly PropertyKey[]): string[] {
  let schema: unknown = submissionSchema;
  for (const step of path) schema = child(unwrap(schema), step);
  const { shape } = (unwrap(schema) ?? {}) as { shape?: object };
  return Object.keys(shape ?? {});
}

/** A schema without its optional, nullable and default wrappers. */
function unwrap(schema: unknown): unknown {
  let current = schema as { unwrap?: () => unknown; shape?: object } | undefined;
  while (current !== undefined && current.shape === undefined && typeof current.unwrap === 'function' && !('element' in current)) {
    current = current.unwrap() as typeof current;
  }
  return current;
}

function child(schema: unknown, step: PropertyKey): unknown {
  const { shape, element } = (schema ?? {}) as { shape?: Record<PropertyKey, unknown>; element?: unknown };
  return typeof step === 'number' ? element : shape?.[step];
}
