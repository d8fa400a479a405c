import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { attacks } from '#core/attacks/index.ts';
import { parseOptions } from '#core/attacks/shared/options.ts';
import { type Comparison, tools } from './comparison.ts';
import { comparisons } from './comparisons/index.ts';
import { installPeers } from './install.ts';
import { judge } from './judged.ts';
import { missingAttacks } from './measure.ts';
import { findNet, rowsOf } from './nets.ts';
import { type Compared, describe, ratioOf } from './text.ts';

const read = (name: string): string => readFileSync(join(import.meta.dirname, name), 'utf8');

test('each comparison has an id of its own, and attacks of ours take its options', () => {
  expect(new Set(comparisons.map(({ id }) => id)).size).toBe(comparisons.length);
  for (const comparison of comparisons) {
    for (const { attack, options } of comparison.ours(comparison.parameters, 0.1)) {
      const found = attacks.find(({ id }) => id === attack);
      if (found !== undefined) expect(() => parseOptions(found, options), comparison.id).not.toThrow();
    }
  }
});

test('the Python side has every search that a comparison says it has', () => {
  for (const tool of tools) {
    const source = read(`python/${tool}_attacks.py`);
    for (const { search, peers } of comparisons) if (tool in peers) expect(source).toContain(`    "${search}": `);
  }
});

test('requirements are pinned to the byte and name no address', () => {
  const text = read('requirements.txt');
  const entries = text
    .replaceAll(/^#.*\n/gm, '')
    .replaceAll(' \\\n', '')
    .trim()
    .split('\n');
  for (const entry of entries) expect(entry).toMatch(/^[a-z0-9-]+==[0-9.]+( +--hash=sha256:[0-9a-f]{64})+$/);
  expect(text).not.toMatch(/https?:/);
});

test('without Python, or with one of another version, the error says what is wanted', async () => {
  const before = process.env.PYTHON;
  try {
    process.env.PYTHON = '/nowhere/python3';
    const missing = { message: '/nowhere/python3 was not found', hint: expect.stringContaining('python3-pip') };
    await expect(installPeers(() => {})).rejects.toMatchObject(missing);
    process.env.PYTHON = '/bin/echo';
    const other = { message: expect.stringContaining('3.11 to 3.13'), hint: expect.stringContaining('PYTHON=') };
    await expect(installPeers(() => {})).rejects.toMatchObject(other);
  } finally {
    if (before === undefined) delete process.env.PYTHON;
    else process.env.PYTHON = before;
  }
});

test('a net that is not there is named with those that are', async () => {
  await expect(findNet('nobody')).rejects.toMatchObject({ hint: expect.stringContaining('Undefended') });
});

test('with all targets each image comes once per wrong class', async () => {
  const { y, target, examples, x } = await rowsOf(await findNet('undefended'), 2, 'all');
  expect([...examples]).toEqual([...Array(9).fill(0), ...Array(9).fill(1)]);
  expect(new Set(target?.subarray(0, 9)).size).toBe(9);
  expect([...(target ?? [])].some((goal, row) => goal === y[row])).toBe(false);
  expect([...x.subarray(0, 784)]).toEqual([...x.subarray(8 * 784, 9 * 784)]);
});

/** Four rows of one pixel at ½: two classes, of which 0 is right; the last is wrong from the start. */
const rows = {
  x: new Float32Array(4).fill(0.5),
  y: new Int32Array(4),
  target: null,
  examples: Int32Array.of(0, 1, 2, 3),
};
const answer = {
  xAdv: Float32Array.of(0.6, 0.8, 0.5, 0.9),
  logits: Float32Array.of(0, 1, 0, 1, 1, 0, 1, 0),
  cleanLogits: Float32Array.of(1, 0, 1, 0, 1, 0, 0, 1),
};

test('one judge for all tools: what lies outside the ball does not count, what is wrong at first does', () => {
  const within = judge(rows, answer, { classes: 2, norm: 'Linf', epsilon: 0.2, peer: true });
  expect([...within.success]).toEqual([1, 0, 0, 1]);
  expect(within).toMatchObject({ outside: 1, robustAccuracy: { value: 0.5 } });
  const anywhere = judge(rows, answer, { classes: 2, norm: 'Linf', epsilon: null, peer: true });
  expect([...anywhere.success]).toEqual([1, 1, 0, 1]);
  // 0.1 and 0.3 of the rows that were right, and one that failed.
  expect(anywhere.medianDistance).toBeCloseTo(0.3, 6);
});

test('the slack in the ball is for peers only', () => {
  const slightly = { ...answer, xAdv: Float32Array.of(0.70001, 0.5, 0.5, 0.5) };
  const count = (peer: boolean) => judge(rows, slightly, { classes: 2, norm: 'Linf', epsilon: 0.2, peer }).success[0];
  expect([count(true), count(false)]).toEqual([1, 0]);
});

test('the ratio is against the fastest that does the same; the others are shown with a remark', () => {
  const comparison = {
    ...(comparisons.find(({ id }) => id === 'jsma-l0') as Comparison),
    peers: { torchattacks: null, art: 'does less' },
  };
  const measured = { cpuSeconds: 1, memoryBytes: 1e9, forwardCalls: 8, gradientCalls: 4, versions: {} };
  const judged = judge(rows, answer, { classes: 2, norm: 'Linf', epsilon: 0.2, peer: true });
  const run = (tool: 'parapet' | 'torchattacks' | 'art', seconds: number) => {
    return { tool, state: 'done', answer: { ...answer, ...measured, seconds }, judged } as const;
  };
  const runs = [run('parapet', 2), run('torchattacks', 60), run('art', 1)];
  const compared: Compared = { net: 'N', comparison, epsilon: 112, rows: 4, runs };
  expect(ratioOf(compared)).toBe(30);
  expect(describe([compared])).toMatch(/art .* ×0\.5 \(does less\)/);
  const missing = { tool: 'parapet', state: 'missing', problem: 'no attack jsma yet' } as const;
  expect(ratioOf({ ...compared, runs: [missing, ...runs.slice(1)] })).toBeNull();
});

test('an attack that is not there, or not in the norm, is named', () => {
  const made = { ...(comparisons[0] as Comparison), ours: () => [{ attack: 'nobody', options: {} }] };
  expect(missingAttacks(made)).toEqual(['nobody']);
  expect(missingAttacks({ ...(comparisons[0] as Comparison), norm: 'L0' })).toEqual(['fgsm in L0']);
});
