import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { defenses } from '#core/defenses/index.ts';
import { parseSubmission } from './submission-text.ts';

const page = await readFile(fileURLToPath(new URL('../../docs/submission.md', import.meta.url)), 'utf8');

test('the submissions of docs/submission.md are valid', () => {
  const examples = [...page.matchAll(/```yaml\n(id:.*?)```/gs)].map(([, text = '']) => text);
  expect(examples.length).toBeGreaterThan(2);
  for (const text of examples) expect(() => parseSubmission(new TextEncoder().encode(text))).not.toThrow();
});

test('docs/submission.md lists every defense with its options, what it does, and how it is attacked', () => {
  const rows = [...page.matchAll(/^\| `([a-z0-9-]+)` \| (.*?)\| (.*?) \| ([a-z, ]+) \|$/gm)];
  const listed = rows.map(([, id, options = '', description, gradient]) => {
    const names = [...options.matchAll(/`(\w+)`:/g)].map(([, name]) => name);
    return { id, options: names, description, gradient };
  });
  const wanted = defenses.map(({ id, optionsSchema, description, adaptive }) => {
    return { id, options: Object.keys(optionsSchema.shape), description, gradient: adaptive.join(', ') };
  });
  expect(listed).toEqual(wanted);
});
