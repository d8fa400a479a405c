import { builtinModules } from 'node:module';
import { posix } from 'node:path';
import { astroReferencesOf, type References, referencesOf, type Specifier } from './specifiers.ts';
import { mayImport, zoneOf } from './zones.ts';

/** One broken rule, as a person should read it. */
export interface Problem {
  readonly file: string;
  readonly line: number;
  readonly message: string;
}

/**
 * Checks every import of a tree of sources against the table in `zones.ts`.
 *
 * @param sources path from the root of the repository, with forward slashes, to text
 * @returns one problem per broken rule; empty when all is well
 */
export function importProblems(sources: ReadonlyMap<string, string>): Problem[] {
  const problems: Problem[] = [];
  const client = new Map<string, readonly Specifier[]>();
  for (const [file, text] of sources) {
    const astro = file.endsWith('.astro') ? astroReferencesOf(text) : null;
    const whole = astro === null ? [referencesOf(text)] : [astro.build, astro.client];
    for (const references of whole) problems.push(...fileProblems(file, references));
    client.set(file, (astro?.client ?? whole[0])?.specifiers ?? []);
  }
  return [...problems, ...clientProblems(client)];
}

function fileProblems(file: string, { specifiers, dynamic }: References): Problem[] {
  const problems: Problem[] = [];
  const zone = zoneOf(file);
  if (zone === null) return [{ file, line: 1, message: 'lies outside the folders of the layout' }];
  for (const line of zone.computedImports ? [] : dynamic) {
    problems.push({ file, line, message: `${zone.name} may not import a name that is put together at run time` });
  }
  for (const { text, line } of specifiers) {
    const target = resolve(file, text);
    if (target === null) problems.push({ file, line, message: `'${text}' leads out of the repository` });
    else if (!mayImport(zone, file, target)) {
      problems.push({ file, line, message: `${zone.name} may not import ${target}: ${zone.rule}` });
    }
    const way = wayProblem(file, text, target);
    if (way !== null) problems.push({ file, line, message: way });
  }
  return problems;
}

/**
 * What a specifier means: a path from the root of the repository, or the bare name of a package.
 * Query strings such as `?url` are cut off; Node's own modules come out as `node:name`.
 */
export function resolve(file: string, specifier: string): string | null {
  const text = specifier.replace(/\?.*$/, '');
  if (text.startsWith('#core/')) return `runner/core/${text.slice('#core/'.length)}`;
  if (text.startsWith('.')) {
    const path = posix.join(posix.dirname(file), text);
    return path.startsWith('..') ? null : path;
  }
  if (text.startsWith('node:') || builtinModules.includes(text)) return `node:${text.replace(/^node:/, '')}`;
  if (text.startsWith('astro:')) return 'astro';
  return text.split('/', text.startsWith('@') ? 2 : 1).join('/');
}

/** Core is reached as `#core/…` from outside and by relative paths from inside, so that a move shows in one place. */
function wayProblem(file: string, text: string, target: string | null): string | null {
  const inside = file.startsWith('runner/core/');
  if (inside && text.startsWith('#core/') && !file.endsWith('.test.ts'))
    return `'${text}': inside runner/core imports are relative`;
  // A worker is named by its address, which no import map translates.
  const isModule = /\.[cm]?[jt]s$/.test(text);
  if (!inside && isModule && text.startsWith('.') && target?.startsWith('runner/core/')) {
    return `'${text}': from outside, runner/core is imported as #core/…`;
  }
  return null;
}

/**
 * Follows what is sent to the browser, from the scripts of pages and components, and refuses tfjs and Node's modules
 * on the way. The lab is where tfjs belongs: the walk ends at its door.
 */
function clientProblems(client: ReadonlyMap<string, readonly Specifier[]>): Problem[] {
  const problems: Problem[] = [];
  const seen = new Set<string>();
  const walk = (file: string) => {
    if (seen.has(file)) return;
    seen.add(file);
    for (const { text, line, typeOnly } of client.get(file) ?? []) {
      const target = resolve(file, text);
      if (typeOnly || target === null || target.startsWith('site/lab/')) continue;
      if (target.startsWith('@tensorflow/')) {
        problems.push({ file, line, message: `${target} would be sent to the browser outside the lab` });
      } else if (target.startsWith('node:')) {
        problems.push({ file, line, message: `${target} would be sent to the browser` });
      } else walk(target);
    }
  };
  for (const file of client.keys()) if (file.endsWith('.astro')) walk(file);
  return problems;
}
