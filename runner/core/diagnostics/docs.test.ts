import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { probes } from './probes/index.ts';

const page = readFileSync(new URL('../../../docs/diagnostics.md', import.meta.url), 'utf8');

it('docs/diagnostics.md has a section for every flag, and for no other', () => {
  const folder = new URL('./', import.meta.url);
  const sources = readdirSync(folder).filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'));
  const ids = sources.flatMap((name) =>
    [...readFileSync(new URL(name, folder), 'utf8').matchAll(/^ {4}id: '([a-z-]+)'/gm)].map((match) => match[1]),
  );
  const sections = [...page.matchAll(/^### `([a-z-]+)`$/gm)].map((match) => match[1]);
  expect(sections.toSorted()).toEqual(ids.toSorted());
});

it('docs/diagnostics.md names every probe', () => {
  for (const { id } of probes) expect(page).toContain(`\`${id}\``);
});
