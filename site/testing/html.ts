import { existsSync, statSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';

export interface Page {
  /** From the root of the site, such as `about/index.html`. */
  readonly path: string;
  readonly html: string;
  /** What is left without tags, scripts and styles. */
  readonly text: string;
}

/** Every page of a built site, without those of the lab. */
export async function pagesOf(dist: string): Promise<Page[]> {
  const entries = await readdir(dist, { recursive: true });
  const paths = entries.filter((path) => path.endsWith('.html') && !path.startsWith(`lab${sep}`)).sort();
  return Promise.all(
    paths.map(async (path) => {
      const html = await readFile(join(dist, path), 'utf8');
      const text = html.replace(/<(script|style)\b.*?<\/\1>/gs, ' ').replace(/<[^>]*>/g, ' ');
      return { path: relative('.', path).split(sep).join('/'), html, text };
    }),
  );
}

/** Values of an attribute in a page, unescaped as far as addresses need it. */
export function attributeValues({ html }: Page, name: string): string[] {
  return [...html.matchAll(new RegExp(`\\s${name}="([^"]*)"`, 'g'))].map(([, value = '']) =>
    value.replaceAll('&amp;', '&'),
  );
}

/**
 * Addresses of a page that lead nowhere within the site.
 *
 * @param base the path that the site is served from, with a slash at its end
 */
export function brokenLinks(page: Page, dist: string, base: string): string[] {
  const all = [...attributeValues(page, 'href'), ...attributeValues(page, 'src')];
  return all.filter((address) => {
    if (/^(https:|data:)/.test(address)) return false;
    const [path = '', fragment = ''] = address.replace(/\?[^#]*/, '').split('#');
    if (path === '') return !page.html.includes(`id="${fragment}"`);
    if (!path.startsWith(base)) return true;
    const file = join(dist, decodeURIComponent(path.slice(base.length)));
    return !existsSync(statSync(file, { throwIfNoEntry: false })?.isDirectory() ? join(file, 'index.html') : file);
  });
}

/** The JavaScript that a page makes a browser load, with all that it imports, as text. */
export async function scriptsOf(page: Page, dist: string, base: string): Promise<string[]> {
  const seen = new Map<string, string>();
  const load = async (address: string): Promise<void> => {
    if (seen.has(address)) return;
    const code = await readFile(join(dist, address), 'utf8');
    seen.set(address, code);
    for (const [, name = ''] of code.matchAll(/["'](?:\.\/|[^"']*_astro\/)([\w.-]+\.js)["']/g))
      await load(`_astro/${name}`);
  };
  const sources = [...page.html.matchAll(/<script\b[^>]*\ssrc="([^"]*)"/g)].map(([, source = '']) => source);
  for (const source of sources) await load(source.slice(base.length));
  return [...seen.values()];
}
