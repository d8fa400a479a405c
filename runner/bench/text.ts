import type { Growth } from './growth.ts';
import type { JsmaSpeed } from './jsma.ts';
import type { Speed } from './speed.ts';

/** The passes of one net in one setting: a backend in one process, or in two at once. */
export interface PassLine {
  readonly setting: string;
  readonly speed: Speed;
  /** GFLOP/s of a large product of matrices with the same threads; of all processes together. */
  readonly peakGigaflops: number;
  /** Largest resident set; of all processes together. */
  readonly memoryBytes: number;
}

export type JsmaLine = JsmaSpeed & { readonly backend: string };
export type GrowthLine = Growth & { readonly backend: string; readonly memoryBytes: number };

/** Width of a column of passes. */
const CELL = 42;
const titles = ['forward: clock, cores', 'input gradient: clock, cores'];

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(0).padStart(5)} MB`;

/** Passes of one net as a table; ratios are to its first line. */
export function describePasses(lines: readonly PassLine[]): string {
  const first = lines[0]?.speed as Speed;
  const rows = lines.map(({ setting, speed, peakGigaflops, memoryBytes }) => {
    const cells = (['forward', 'inputGradient'] as const).map((pass) => {
      const { milliseconds, coreMilliseconds, gigaflops } = speed[pass];
      const ratio = first[pass].milliseconds / milliseconds;
      const times = `${milliseconds.toFixed(1).padStart(7)} ms ${coreMilliseconds.toFixed(0).padStart(5)} ms`;
      return `${times} ${gigaflops.toFixed(1).padStart(6)} GFLOP/s ×${ratio.toFixed(1)}`.padEnd(CELL);
    });
    const share = (100 * speed.inputGradient.gigaflops) / peakGigaflops;
    const device = `${peakGigaflops.toFixed(0).padStart(6)} GFLOP/s ${share.toFixed(0).padStart(4)} %`;
    return `  ${setting.padEnd(25)}${cells.join('   ')}   ${device}   ${megabytes(memoryBytes)}`;
  });
  return [
    '',
    `${first.architecture}, ${first.batch} images, median`,
    `  ${''.padEnd(25)}${titles.map((title) => title.padEnd(CELL)).join('   ')}   matrix product, share    memory`,
    ...rows,
    '  The share is what the input gradient, a step of PGD, reaches of the GFLOP/s of a large matrix product. Operations are',
    '  those of the convolutions as they are defined: an algorithm that needs fewer multiplications may exceed 100 %.',
  ].join('\n');
}

/** @param weights whose weights were attacked */
export function describeJsma(lines: readonly JsmaLine[], weights: string): string {
  const rows = lines.map(({ backend, on, pairsPerSecond, pairs, gradientsPerPair, successRate }) => {
    const rate = `${pairsPerSecond.toFixed(1).padStart(7)} pairs/s`;
    const work = `${gradientsPerPair.toFixed(1)} gradients a pair, ${(100 * successRate).toFixed(1)} % reach the target`;
    return `  ${backend.padEnd(8)}${on.padEnd(14)}${rate}   (${pairs} pairs, ${work})`;
  });
  return ['', `JSMA, 14.5 % of MNIST, ${weights}`, ...rows].join('\n');
}

/** @param weights whose weights were attacked */
export function describeGrowth(lines: readonly GrowthLine[], weights: string): string {
  const rows = lines.map(({ backend, images, seconds, gradientsPerImage, memoryBytes }) => {
    const each = `${((1000 * seconds) / images).toFixed(2).padStart(7)} ms an image`;
    const total = `${String(images).padStart(6)} images ${seconds.toFixed(2).padStart(8)} s`;
    return `  ${backend.padEnd(8)}${total} ${each}   ${gradientsPerImage.toFixed(1)} gradients each ${megabytes(memoryBytes)}`;
  });
  return ['', `PGD, 10 steps, MNIST, L∞, ε = 0.3, ${weights}`, ...rows].join('\n');
}
