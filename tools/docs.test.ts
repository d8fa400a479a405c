import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { read, root, trackedFiles } from './tree.ts';

const pages = trackedFiles().filter((file) => file.endsWith('.md') && !file.startsWith('submissions/'));
const scripts: Readonly<Record<string, string>> = JSON.parse(read('package.json')).scripts;

test.each(pages)('%s links to files that are there', (page) => {
  const links = [...read(page).matchAll(/\]\((?!\w+:)([^)#\s]+)[^)]*\)/g)].map((match) => match[1] ?? '');
  const dead = links.filter((link) => !existsSync(join(root, dirname(page), link)));
  expect(dead).toEqual([]);
});

test.each(pages)('%s links to headings that are there', (page) => {
  const links = [...read(page).matchAll(/\]\((?!\w+:)([^)#\s]*)#([^)\s]+)\)/g)];
  for (const [, file = '', anchor = ''] of links) {
    const target = file === '' ? page : join(dirname(page), file);
    const headings = [...read(target).matchAll(/^#+ (.*)$/gm)].map((match) => slug(match[1] ?? ''));
    expect(headings, `${target}#${anchor}`).toContain(anchor);
  }
});

/** The anchor that GitHub makes of a heading. */
function slug(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');
}

test.each(pages)('%s names npm scripts that are there', (page) => {
  const named = [...read(page).matchAll(/npm run (?:-s )?([a-z][\w:-]*)/g)].map((match) => match[1] ?? '');
  expect(named.filter((name) => !(name in scripts))).toEqual([]);
});

/** Commands of the CLI in the docs: their words up to the first argument, and the options they are given. */
const commands = new Map<string, Set<string>>();
for (const page of pages) {
  for (const [, line = ''] of read(page).matchAll(/npm run -s parapet -- ([^`\n]+)/g)) {
    const words = line.replace(/ #.*/, '').trim().split(/\s+/);
    const end = words.findIndex((word) => !/^[a-z]+$/.test(word));
    const path = (end < 0 ? words : words.slice(0, end)).slice(
      0,
      /^(native|data|shard|claims run)\b/.test(words.join(' ')) ? 2 : 1,
    );
    const options = commands.get(path.join(' ')) ?? new Set();
    for (const word of words) if (word.startsWith('--')) options.add(word);
    commands.set(path.join(' '), options);
  }
}

describe('commands in the docs are those of the CLI', () => {
  test.each([...commands])('%s', (command, options) => {
    const words = command.split(' ').filter((word) => word !== '');
    const help = execFileSync(process.execPath, ['runner/cli/main.ts', ...words, '--help'], {
      cwd: root,
      encoding: 'utf8',
    });
    for (const option of options) expect(help).toContain(option);
    if (words.length > 0) expect(help).toContain(words.at(-1));
  });
});
