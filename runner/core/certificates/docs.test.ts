import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { normSymbols } from '../tracks.ts';
import { certificates } from './index.ts';

const page = readFileSync(new URL('../../../docs/certificates.md', import.meta.url), 'utf8');

test('docs/certificates.md lists every method with its norms, what it does, and its options', () => {
  const rows = [...page.matchAll(/^\| `([a-z]+)` \| ([^|]+) \| ([^|]+) \| (.*?)\|$/gm)];
  const listed = rows.map(([, id, norms, description, options = '']) => {
    return { id, norms, description, options: [...options.matchAll(/`(\w+)`:/g)].map(([, name]) => name) };
  });
  const wanted = certificates.map(({ id, norms, description, optionsSchema }) => {
    const symbols = norms.map((norm) => normSymbols[norm]).join(', ');
    return { id, norms: symbols, description, options: Object.keys(optionsSchema.shape) };
  });
  expect(listed).toEqual(wanted);
});

test('docs/certificates.md names every number that the evidence has of a method', () => {
  for (const { numbers } of certificates) for (const name of numbers) expect(page).toContain(`\`${name}\``);
});
