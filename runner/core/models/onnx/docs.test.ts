import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { ops } from './ops/index.ts';
import { opsets } from './program.ts';

const page = readFileSync(new URL('../../../../docs/onnx.md', import.meta.url), 'utf8');

/** Every operator as a line: its name, the attributes that it reads, and what of it is not there. */
function operatorTable(): string {
  const lines = ops
    .map(({ type, domain, attributes, limits = '' }) => {
      const name = domain === '' ? type : `${domain}.${type}`;
      return { name, line: `| \`${name}\` | ${attributes.toSorted().join(', ')} | ${limits} |` };
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ line }) => line);
  return ['| operator | attributes | limits |', '|---|---|---|', ...lines].join('\n');
}

test('docs/onnx.md has the table of the operators there are', () => {
  expect(page).toContain(operatorTable());
});

test('docs/onnx.md names the opsets that are read', () => {
  for (const [domain, { oldest, newest }] of Object.entries(opsets)) {
    expect(page).toContain(`${oldest} to ${newest} of ${domain === '' ? 'the standard operators' : `\`${domain}\``}`);
  }
});
