import { beforeAll, expect, test } from 'vitest';
import { startBackend } from '../../backends/index.ts';
import { mutated } from './mutate.ts';
import { fuzz } from './run.ts';
import { targets } from './targets.ts';

beforeAll(async () => {
  await startBackend('wasm');
});

test('the same index gives the same damage, another one another', () => {
  const file = Uint8Array.from({ length: 100 }, (_, i) => i);
  const damage = (index: number) => [...mutated(file, [file], 1, index)].join();
  expect(damage(7)).toBe(damage(7));
  expect(new Set(Array.from({ length: 50 }, (_, i) => damage(i))).size).toBeGreaterThan(45);
});

test.each(targets.map((target) => [target.name, target] as const))(
  '%s: damaged files are read or refused, and nothing else',
  async (_name, target) => {
    // A quarter of 10,000 each.
    const { read, refused, failures } = await fuzz(target, 1, 0, 2500);
    expect(failures).toEqual([]);
    expect(read + refused).toBe(2500);
    expect(refused).toBeGreaterThan(100);
  },
  300_000,
);

test('what is not a ParapetError is a failure', async () => {
  const read = () => {
    throw new TypeError('oops');
  };
  const { failures } = await fuzz({ name: 'x', seeds: [new Uint8Array(8)], read }, 1, 0, 3);
  expect(failures[0]).toBe('x 1:0: TypeError: oops');
});
