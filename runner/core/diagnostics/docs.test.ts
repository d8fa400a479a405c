import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { diagnostics } from './index.ts';
import { probes } from './probes/index.ts';

const page = readFileSync(new URL('../../../docs/diagnostics.md', import.meta.url), 'utf8');

const folder = new URL('./', import.meta.url);
const read = (name: string) => readFileSync(new URL(name, folder), 'utf8');
const files = readdirSync(folder).filter((name) => name.endsWith('.ts'));
const isTest = (name: string) => name.endsWith('.test.ts');
const ids = files
  .filter((name) => !isTest(name))
  .flatMap((name) => [...read(name).matchAll(/^ {4}id: '([a-z-]+)'/gm)].map((match) => match[1] as string));

it('every diagnostic is one of these', () => expect(ids).toHaveLength(diagnostics.length));

it('docs/diagnostics.md has a section for every flag, and for no other', () => {
  const sections = [...page.matchAll(/^### `([a-z-]+)`$/gm)].map((match) => match[1]);
  expect(sections.toSorted()).toEqual(ids.toSorted());
});

it('a test raises every flag', () => {
  const tests = files.filter(isTest).map(read).join();
  for (const id of ids) expect(tests, id).toContain(`'${id}'`);
});

it('docs/diagnostics.md names every probe', () => {
  for (const { id } of probes) expect(page).toContain(`\`${id}\``);
});
