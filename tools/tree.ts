import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The root of the repository. */
export const root = fileURLToPath(new URL('..', import.meta.url));

/** The text of a file, by its path from the root. */
export function read(file: string): string {
  return readFileSync(join(root, file), 'utf8');
}

/** Every source file of the runner, the site and the tools, by its path from the root with forward slashes. */
export function sources(): Map<string, string> {
  const files = ['runner', 'site', 'tools'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && /\.([cm]?[jt]s|tsx|astro)$/.test(entry.name))
      .map((entry) => join(entry.parentPath, entry.name).slice(root.length).split(sep).join('/')),
  );
  const configs = readdirSync(root).filter((name) => /\.(m?ts|mjs)$/.test(name));
  const kept = [...files, ...configs].filter((file) => !/(^|\/)(node_modules|public)\/|\.d\.ts$/.test(file));
  return new Map(kept.sort().map((file) => [file, read(file)]));
}

/** Every file that git tracks or would take. */
export function trackedFiles(): string[] {
  const list = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: root,
    encoding: 'utf8',
  });
  return list.split('\0').filter((name) => name !== '');
}
