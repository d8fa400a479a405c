import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { architectures, parameterCount } from './index.ts';
import { graphOps } from './tfjs/graph-ops.ts';
import { layerKinds } from './tfjs/layer-kinds.ts';

const page = readFileSync(new URL('../../../docs/architectures.md', import.meta.url), 'utf8');
const sections = page.split(/^## /m).slice(1);

/** The part of the page that an architecture is described in. */
const sectionOf = (id: string) => sections.find((section) => section.split('\n')[0]?.includes(`\`${id}\``)) ?? '';

test('docs/architectures.md has a section for every architecture, and for no other', () => {
  const named = sections.flatMap((section) => [...(section.split('\n')[0] ?? '').matchAll(/`([^`]+)`/g)]);
  expect(named.map((match) => match[1]).toSorted()).toEqual(architectures.map(({ id }) => id).toSorted());
});

test.each(architectures.map((one) => [one.id, one] as const))('%s: the page has its count', (id, architecture) => {
  const [heading = ''] = sectionOf(id).split('\n');
  const stated = heading.slice(heading.indexOf(id)).match(/\(([\d,]+)/)?.[1];
  expect(stated).toBe(parameterCount(architecture).toLocaleString('en'));
});

test.each(architectures.map((one) => [one.id, one] as const))('%s: the page has its tensors', (id, { parameters }) => {
  const section = sectionOf(id);
  const table = [...section.matchAll(/^\| (`[^|]+) \| ([^\n]+) \|$/gm)].map(([, names = '', cells = '']) => ({
    names: [...names.matchAll(/`([^`]+)`/g)].map((match) => match[1] as string),
    shapes: cells.split(' | ').map((cell) => [...cell.matchAll(/\[([\d, ]+)\]/g)].map((match) => match[1] as string)),
  }));
  // A family without a table, such as the ResNets, has the parts of its names in a sentence.
  const parts = new Set(
    parameters.flatMap(({ name }) => name.replace(/\.(weight|bias|running_mean|running_var)$/, '').split('.')),
  );
  if (table.length === 0) {
    for (const part of parts) {
      if (/^(\d+|layer\d|block\d|layer)$/.test(part)) continue;
      expect(page, part).toMatch(new RegExp(`[\`.]${part}[\`.]`));
    }
    return;
  }
  const columns = [...(section.match(/^\| tensor \|(.*)\|$/m)?.[1] ?? '').matchAll(/`([^`]+)`/g)].map(
    (match) => match[1],
  );
  const column = Math.max(0, columns.indexOf(id));
  const stated = table.flatMap(({ names, shapes }) => names.map((name, i) => `${name} ${shapes[column]?.[i]}`));
  expect(stated).toEqual(parameters.map(({ name, shape }) => `${name} ${shape.join(', ')}`));
});

test('docs/tfjs.md names every layer and operator that is taken, and no other', () => {
  const tables = readFileSync(new URL('../../../docs/tfjs.md', import.meta.url), 'utf8')
    .split(/^## /m)
    .slice(1);
  const firstCells = (table = '') => [...table.matchAll(/^\| (`[^|]+)\|/gm)].map((match) => match[1] ?? '').join();
  const named = tables.map((table) => [...firstCells(table).matchAll(/`(\w+)`/g)].map((match) => match[1]).toSorted());
  expect(named).toEqual([
    layerKinds.map(({ className }) => className).toSorted(),
    graphOps.map(({ op }) => op).toSorted(),
  ]);
});
