import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { trainingMethods } from './index.ts';
import { descentOptions } from './options.ts';

const page = readFileSync(new URL('../../../docs/training.md', import.meta.url), 'utf8');

test.each(trainingMethods.map((method) => [method.id, method] as const))(
  'docs/training.md says what %s does, and names each of its options',
  (id, { optionsSchema }) => {
    const paragraph = page.split('\n\n').find((text) => new RegExp(`^\\*\\*\`.*\`${id}\`|^\\*\\*\`${id}\``).test(text));
    expect(paragraph).toBeDefined();
    const options = Object.keys((optionsSchema as unknown as { shape: object }).shape);
    for (const option of options) expect(page, option).toContain(`\`${option}`);
  },
);

test('the table has every option of every method, with its default', () => {
  for (const [name, option] of Object.entries(descentOptions)) {
    const row = page.split('\n').find((line) => new RegExp(`^\\| [^|]*\`${name}\``).test(line));
    expect(row, name).toBeDefined();
    const names = [...(row?.split('|')[1] ?? '').matchAll(/`(\w+)`/g)].map((match) => match[1]);
    const stated = (row?.split('|')[2] ?? '').split(',').map((text) => text.trim());
    expect(stated[Math.min(names.indexOf(name), stated.length - 1)], name).toBe(String(option.parse(undefined)));
  }
});
