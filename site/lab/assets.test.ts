import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { decodeSafetensors } from '#core/models/safetensors.ts';
import { assets, makeDigits, makeExample } from '../testing/lab-assets.ts';

it('holds digits of the test set, byte for byte', async () => {
  expect(Buffer.from(await makeDigits()).equals(await readFile(assets.digits))).toBe(true);
});

it('holds an example that the committed net gives again', async () => {
  const stored = decodeSafetensors(await readFile(assets.example));
  const made = decodeSafetensors(await makeExample(await readFile(assets.digits)));
  expect(made.metadata).toEqual(stored.metadata);
  for (const [name, tolerance] of [
    ['x', 0],
    ['xAdv', 1e-5],
    ['logits', 1e-3],
  ] as const) {
    const [a, b] = [made, stored].map(({ tensors }) => tensors.get(name)?.data as Float32Array) as [
      Float32Array,
      Float32Array,
    ];
    expect(a.length).toBe(b.length);
    expect(Math.max(...Array.from(a, (value, i) => Math.abs(value - (b[i] as number))))).toBeLessThanOrEqual(tolerance);
  }
});
