import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';

const root = join(import.meta.dirname, '..');
const page = readFileSync(join(root, 'docs/faults.md'), 'utf8');

/** Rows of the tables: the number of the fault, and the tests that its last cell names. */
const rows = [...page.matchAll(/^\| (\d+) \|.*\| (.*) \|$/gm)].map(([, number, cell = '']) => {
  const tests = cell.split(/; (?=`)/).map((one) => /^`([^`]+)`: (.+)$/.exec(one)?.slice(1) ?? [one, '']);
  return [`fault ${number}`, tests as [file: string, name: string][]] as const;
});

test('the page has each fault once', () => {
  const numbers = rows.map(([name]) => Number(name.slice(6)));
  expect(new Set(numbers).size).toBe(numbers.length);
  const wanted = Array.from({ length: 39 }, (_, i) => i + 1).filter((number) => ![25, 27].includes(number));
  expect(numbers.toSorted((a, b) => a - b)).toEqual(wanted);
});

describe('the tests that show it are there', () => {
  test.each(rows)('%s', (_fault, tests) => {
    expect(tests.length).toBeGreaterThan(0);
    for (const [file, name] of tests) {
      expect(existsSync(join(root, file)), file).toBe(true);
      expect(name.length, file).toBeGreaterThan(8);
      // As the first words after a bracket and a quote, or after the name of a case.
      const titles = readFileSync(join(root, file), 'utf8')
        .split('\n')
        .filter((line) => /\b(it|test|describe)\b|^\s*'.*',?$|\)\('/.test(line))
        .map((line) => line.replaceAll('\\', ''));
      expect(
        titles.some((line) => line.includes(name)),
        `${file}: ${name}`,
      ).toBe(true);
    }
  });
});
