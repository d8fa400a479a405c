/** The text of a submission.yaml → what it declares, checked, or every mistake at once, each with its line and column. */
import {
  type Document,
  isAlias,
  isCollection,
  isMap,
  isScalar,
  LineCounter,
  type Node,
  parseDocument,
  visit,
} from 'yaml';
import { didYouMean } from '#core/closest.ts';
import { ParapetError } from '#core/errors.ts';
import { type ExternalEvaluation, externalKind, kindOf, parseExternal } from '#core/external-evaluation.ts';
import type { Submission } from '#core/submission.ts';
import { type Mistake, parseManifest } from '#core/submission-mistakes.ts';
import { referenceMistakes } from '#core/submission-references.ts';

/** More than any description needs, and little enough to parse whatever it holds. */
export const MOST_MANIFEST_BYTES: number = 64 * 1024;
const MOST_ALIASES = 20;
const MOST_NESTING = 20;
const forbiddenKeys = new Set(['__proto__', 'constructor', 'prototype']);

/** A mistake at a place in the text. */
interface Finding {
  readonly offset: number;
  readonly text: string;
}

/** What a manifest declares: a defense, or an external evaluation of one. */
export type Manifest = Submission | ExternalEvaluation;

/** Whether a manifest is that of an external evaluation. */
export function isExternal(manifest: Manifest): manifest is ExternalEvaluation {
  return 'kind' in manifest;
}

/** A checked manifest, and where in its text a field stands. */
export interface Placed<T extends Manifest> {
  readonly manifest: T;
  /** @returns a line for a mistake that was found later: name:line:column, the field, and the message */
  place(mistake: Mistake): string;
}

/** Checks a value that YAML gave. */
type Parse<T> = (value: unknown) => { data: T } | { mistakes: readonly Mistake[] };

/** As `placeSubmission`, without the places. */
export function parseSubmission(bytes: Uint8Array, name?: string): Submission {
  return placeSubmission(bytes, name).manifest;
}

/**
 * The manifest of a defense.
 * @param bytes the file
 * @param name how messages call it
 * @throws ParapetError 'submission' with one line per mistake: name:line:column, the field, what came, what was wanted
 */
export function placeSubmission(bytes: Uint8Array, name = 'submission.yaml'): Placed<Submission> {
  return placeText(bytes, name, (value) => {
    const isExternalKind = kindOf(value) === externalKind;
    const message = 'is an external evaluation, and a defense is wanted here';
    return isExternalKind ? { mistakes: [{ path: ['kind'], message }] } : defense(value);
  });
}

/** A manifest of either kind, told apart by `kind`, which a defense has not; otherwise as `placeSubmission`. */
export function placeEither(bytes: Uint8Array, name: string): Placed<Manifest> {
  return placeText<Manifest>(bytes, name, (value) => {
    const kind = kindOf(value);
    if (kind === null) return defense(value);
    if (kind === externalKind) return parseExternal(value);
    const way = typeof kind === 'string' ? didYouMean(kind, [externalKind]) : '';
    return { mistakes: [{ path: ['kind'], message: `wanted ${externalKind}, or no such field for a defense${way}` }] };
  });
}

const defense: Parse<Submission> = (value) => {
  const parsed = parseManifest(value);
  if ('mistakes' in parsed) return parsed;
  const mistakes = referenceMistakes(parsed.submission);
  return mistakes.length > 0 ? { mistakes } : { data: parsed.submission };
};

function placeText<T extends Manifest>(bytes: Uint8Array, name: string, parse: Parse<T>): Placed<T> {
  const fail = (lines: readonly string[]): never => {
    throw new ParapetError('submission', lines.join('\n'), `npm run -s parapet -- new --help shows how to start one`);
  };
  if (bytes.length > MOST_MANIFEST_BYTES) {
    fail([`${name}: ${bytes.length} bytes; wanted at most ${MOST_MANIFEST_BYTES}`]);
  }
  const text = decode(bytes);
  if (text === null) return fail([`${name}: is not text in UTF-8`]);
  const lines = new LineCounter();
  const outcome = read(text, lines, parse);
  const lineOf = ({ offset, text }: Finding) => {
    const { line, col } = lines.linePos(offset);
    return `${name}:${Math.max(1, line)}:${Math.max(1, col)} ${text}`;
  };
  if ('findings' in outcome) return fail(outcome.findings.toSorted((a, b) => a.offset - b.offset).map(lineOf));
  const { data, root } = outcome;
  return { manifest: data, place: (mistake) => lineOf(locate(mistake, root)) };
}

function decode(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}

function read<T>(
  text: string,
  lineCounter: LineCounter,
  parse: Parse<T>,
): { data: T; root: Node } | { findings: readonly Finding[] } {
  const nul = text.indexOf('\0');
  if (nul >= 0) return { findings: [{ offset: 0, text: `a NUL character after ${nul} others` }] };
  const deep = tooDeep(text);
  if (deep !== null) return { findings: [deep] };
  const document = parseDocument(text, {
    lineCounter,
    version: '1.2',
    schema: 'core',
    uniqueKeys: true,
    prettyErrors: false,
    stringKeys: true,
  });
  const complaints = [...document.errors, ...document.warnings];
  if (complaints.length > 0) {
    return { findings: complaints.map(({ pos, message }) => ({ offset: pos[0], text: message })) };
  }
  const root = document.contents;
  const findings = refused(root);
  if (findings.length > 0) return { findings };
  if (!isMap(root)) return { findings: [{ offset: 0, text: 'wanted fields, such as id: Papernot2016Distillation' }] };
  const value = followed(document);
  if (Array.isArray(value)) return { findings: value };
  const parsed = parse(value.of);
  return 'data' in parsed ? { ...parsed, root } : { findings: parsed.mistakes.map((mistake) => locate(mistake, root)) };
}

/** What aliases of aliases grow to is only known when they are followed. */
function followed(document: Document.Parsed): { of: unknown } | Finding[] {
  try {
    return { of: document.toJS({ maxAliasCount: MOST_ALIASES }) };
  } catch (error) {
    if (error instanceof ReferenceError) return [{ offset: 0, text: error.message }];
    throw error;
  }
}

/** Brackets inside brackets, without end, would overflow the parser's stack. Those in texts count too: nobody needs so many. */
function tooDeep(text: string): Finding | null {
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    if (text[i] === '[' || text[i] === '{') depth++;
    else if (text[i] === ']' || text[i] === '}') depth = Math.max(0, depth - 1);
    if (depth > MOST_NESTING) return { offset: 0, text: `more than ${MOST_NESTING} brackets inside one another` };
  }
  return null;
}

/** What YAML allows and no manifest needs: names that JavaScript keeps for itself, aliases of aliases, deep nesting. */
function refused(root: Node | null): Finding[] {
  const findings: Finding[] = [];
  let aliases = 0;
  const anchors = new Set<string>();
  visit(root, {
    Pair(_, { key }) {
      if (isScalar(key) && forbiddenKeys.has(String(key.value))) {
        findings.push({
          offset: key.range?.[0] ?? 0,
          text: `${String(key.value)}: there can be no field of that name`,
        });
      }
    },
    Node(_, node, ancestors) {
      const offset = node.range?.[0] ?? 0;
      if (!isAlias(node) && node.anchor !== undefined) anchors.add(node.anchor);
      if (isAlias(node) && !anchors.has(node.source))
        findings.push({ offset, text: `*${node.source}: no &${node.source} stands before it` });
      if (isAlias(node) && ++aliases > MOST_ALIASES) {
        findings.push({ offset, text: `more than ${MOST_ALIASES} aliases` });
        return visit.BREAK;
      }
      if (ancestors.length > 3 * MOST_NESTING) {
        findings.push({ offset, text: 'nested too deeply' });
        return visit.BREAK;
      }
    },
  });
  return findings;
}

/** Where a mistake stands: at the name of the field, at its value, or, for one that is missing, at what should hold it. */
function locate({ path, message, atKey }: Mistake, root: Node): Finding {
  let node: Node = root;
  for (const [depth, step] of path.entries()) {
    if (!isCollection(node)) break;
    if (atKey && depth === path.length - 1 && isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && key.value === step);
      if (isScalar(pair?.key)) node = pair.key;
      break;
    }
    const next: unknown = node.get(step, true);
    if (next === undefined || next === null) break;
    node = next as Node;
  }
  const field = path.map(String).join('.');
  return { offset: node.range?.[0] ?? 0, text: field === '' ? message : `${field}: ${message}` };
}
