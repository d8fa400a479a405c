import { describe, expect, it } from 'vitest';
import { papernot2016 } from '#core/claims/papernot2016.ts';
import { sampleBoard } from '../testing/sample.ts';
import { compare, targetedLines } from './claims.ts';

const { submissions, results } = sampleBoard();
const byId = new Map(submissions.map((submission) => [submission.id, submission]));
const track = 'mnist-l0-112';

describe('compare', () => {
  it('puts ours beside theirs by how the net was trained, and says what came of it', () => {
    const compared = compare(papernot2016, track, results, byId);
    const at = (id: string) => compared.find(({ figure }) => figure.id === id);
    expect(at('mnist-jsma-undistilled')?.ours?.proportion.value).toBe(861 / 900);
    expect(at('mnist-jsma-undistilled')?.verdict).toBe('reproduced');
    expect(at('mnist-jsma-t100')?.ours?.result.submission.id).toBe('Papernot2016Distillation');
    expect(at('mnist-all-pairs-t100')?.ours).toBeNull();
    expect(at('mnist-all-pairs-t100')?.verdict).toBe('not measured');
    expect(at('mnist-jsma-logits-t100')?.verdict).toBe('broken later');
  });

  it('takes nothing from a submission without a recipe', () => {
    const without = new Map([...byId].map(([id, { recipe: _, ...rest }]) => [id, rest]));
    expect(compare(papernot2016, track, results, without).every(({ ours }) => ours === null)).toBe(true);
  });
});

describe('targetedLines', () => {
  it('lists every targeted line of the protocol and no other', () => {
    const lines = targetedLines('papernot2016', track, results, byId);
    expect(lines.map(({ line, temperature }) => `${line} ${temperature}`).sort()).toEqual([
      'jsma-logits 100',
      'jsma-logits null',
      'jsma-probabilities 100',
      'jsma-probabilities null',
    ]);
  });
});
