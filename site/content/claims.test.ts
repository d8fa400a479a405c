import { describe, expect, it } from 'vitest';
import { papernot2016 } from '#core/claims/papernot2016.ts';
import { evidenceTensors } from '#core/evidence/tensors.ts';
import type { Result } from '#core/result.ts';
import { fixtureEvidence, pairsIn } from '../testing/fixtures.ts';
import { sampleBoard } from '../testing/sample.ts';
import { compare, targetedLines } from './claims.ts';

const { submissions, results } = sampleBoard();
const evidenceOf = async (result: Result) =>
  Object.fromEntries(evidenceTensors(fixtureEvidence(result.track, undefined, pairsIn(result))));
const byId = new Map(submissions.map((submission) => [submission.id, submission]));
const track = 'mnist-l0-112';

describe('compare', () => {
  it('puts ours beside theirs, and says what came of it', async () => {
    const compared = await compare(papernot2016, track, results, evidenceOf);
    const at = (id: string) => compared.find(({ figure }) => figure.id === id);
    expect(at('mnist-jsma-undistilled')?.ours?.proportion.value).toBe(861 / 900);
    expect(at('mnist-jsma-undistilled')?.verdict).toBe('reproduced');
    expect(at('mnist-jsma-t100')?.ours?.result.submission.id).toBe('Papernot2016Distillation');
    expect(at('mnist-all-pairs-t100')?.ours).toBeNull();
    expect(at('mnist-all-pairs-t100')?.verdict).toBe('not measured');
    expect(at('mnist-jsma-logits-t100')?.verdict).toBe('broken later');
  });

  it('takes nothing from another defense that was trained alike', async () => {
    const renamed = results.map((result) => ({ ...result, submission: { ...result.submission, id: 'Ensemble' } }));
    const compared = await compare(papernot2016, track, renamed, evidenceOf);
    expect(compared.every(({ ours }) => ours === null)).toBe(true);
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
