import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { z } from 'zod';
import { trainingMethods } from './index.ts';
import { descentOptions } from './options.ts';

const page = readFileSync(new URL('../../../docs/training.md', import.meta.url), 'utf8');
const cells = (line: string) =>
  line
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim());
const tables = page
  .split('\n\n')
  .filter((text) => text.startsWith('| option'))
  .map((text) => text.split('\n').map(cells));

/** What the column of a table says of an option in the first rows that name it; undefined where there is none. */
function stated(column: string, name: string): string | undefined {
  const table = tables.find(([header = []]) => header.includes(column)) ?? [];
  const row = table.find(([first = '']) => first.includes(`\`${name}\``));
  if (row === undefined) return undefined;
  // A row may have several options, and one default for all of them or one for each.
  const names = [...(row[0] ?? '').matchAll(/`(\w+)`/g)].map((match) => match[1]);
  const values = (row[table[0]?.indexOf(column) ?? -1] ?? '').split(',').map((text) => text.trim());
  return values[Math.min(names.indexOf(name), values.length - 1)];
}

/** Whether a paragraph names an option and, before its sentence ends or another option is named, the default. */
function says(paragraph: string, name: string, value: string): boolean {
  return new RegExp(`\`${name}\`(?:[^\`.;]|\\.(?=\\d))*?(?<![\\w.])\`?${value}(?![\\w]|\\.\\d)`).test(paragraph);
}

test.each(trainingMethods.map((method) => [method.id, method] as const))(
  'docs/training.md says what %s does, and the default of each of its options',
  (id, { optionsSchema }) => {
    const paragraph = page.split('\n\n').find((text) => new RegExp(`^\\*\\*\`.*\`${id}\`|^\\*\\*\`${id}\``).test(text));
    expect(paragraph).toBeDefined();
    for (const [name, option] of Object.entries(optionsSchema.shape)) {
      const value = String((option as z.ZodDefault).parse(undefined));
      // Its own words go before those for every method.
      const own = stated(`\`${id}\``, name);
      if (own === undefined && says(paragraph as string, name, value)) continue;
      expect(own ?? stated('default', name), name).toBe(value);
    }
  },
);

test('the table has every option of every method, with its default', () => {
  for (const [name, option] of Object.entries(descentOptions)) {
    expect(stated('default', name), name).toBe(String(option.parse(undefined)));
  }
});
