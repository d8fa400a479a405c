import { expect, test } from 'vitest';
import { startBackend } from '../backends/index.ts';
import { measurePeak } from './peak.ts';
import { runTask } from './task.ts';
import { describeGrowth, describePasses, type PassLine } from './text.ts';

const pass = (milliseconds: number) => ({ milliseconds, gigaflops: 1000 / milliseconds, coreMilliseconds: 1, runs: 5 });
const line = (setting: string, milliseconds: number): PassLine => ({
  setting,
  speed: {
    architecture: 'papernot-mnist',
    batch: 256,
    forward: pass(milliseconds / 2),
    inputGradient: pass(milliseconds),
  },
  peakGigaflops: 80,
  memoryBytes: 512e6,
});

test('ratios are to the first line, the share to the product of matrices', () => {
  const text = describePasses([line('slow', 100), line('fast', 10)]);
  expect(text).toMatch(/slow .* 10.0 GFLOP\/s ×1.0 .* 13 % +512 MB/);
  expect(text).toMatch(/fast .* 100.0 GFLOP\/s ×10.0 .* 125 % +512 MB/);
});

test('growth is told per image', () => {
  const growth = { backend: 'native', images: 1000, seconds: 4, gradientsPerImage: 9.5, memoryBytes: 7e8 };
  expect(describeGrowth([growth], 'Somebody')).toMatch(
    /1000 images +4.00 s +4.00 ms an image +9.5 gradients each +700 MB/,
  );
});

test('the peak is more than nothing and less than a core can do', async () => {
  await startBackend('wasm');
  const peak = await measurePeak(0.01);
  expect(peak).toBeGreaterThan(0.1);
  expect(peak).toBeLessThan(1000);
});

test('a process says how much memory it took', async () => {
  const { memoryBytes } = await runTask({ backend: 'wasm' });
  expect(memoryBytes).toBeGreaterThan(30e6);
});
