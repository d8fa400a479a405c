import { describe, expect, it } from 'vitest';
import { proportion } from '../metrics/proportion.ts';
import type { Numbers } from '../metrics/recount.ts';
import { untargeted } from '../suites/lines.ts';
import { resolveSuite } from '../suites/resolve.ts';
import type { SuiteAttack } from '../suites/suite.ts';
import { findTrack } from '../tracks.ts';
import { strongestLine } from './probes.ts';

/** The strongest of lines that leave so many of ten standing. */
function strongest(lines: readonly [SuiteAttack, number][]): string | undefined {
  const suite = resolveSuite(
    {
      id: 'test',
      title: 'Test',
      description: '',
      attacks: { 'mnist-linf-0.3': lines.map(([line]) => line) },
      examples: { count: 10, which: 'first' },
      chunk: 10,
      evidence: { images: 'examples', limit: 10 },
    },
    findTrack('mnist-linf-0.3'),
  );
  const numbers = { lines: lines.map(([, left]) => ({ robustAccuracy: proportion(left, 10) })) } as unknown as Numbers;
  return strongestLine(suite, numbers)?.id;
}

describe('the strongest line', () => {
  it('leaves the fewest standing, the first of equals', () => {
    const lines = ['a', 'b', 'c', 'd'].map((id) => untargeted(id, 'pgd'));
    expect(strongest(lines.map((line, i) => [line, [5, 3, 4, 3][i] as number]))).toBe('b');
  });

  it('uses gradients, in the ball, on every example', () => {
    expect(
      strongest([
        [untargeted('few', 'pgd'), 9],
        [untargeted('scores', 'square'), 0],
        [{ ...untargeted('sampled', 'pgd'), examples: 5 }, 0],
        [{ ...untargeted('far', 'deepfool'), ball: 'unbounded' }, 0],
      ]),
    ).toBe('few');
  });

  it('is none where no line does', () => {
    expect(strongest([[untargeted('scores', 'square'), 0]])).toBeUndefined();
    expect(strongest([])).toBeUndefined();
  });
});
