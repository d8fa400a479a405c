import { createHash } from 'node:crypto';
import { type Result, resultDigest } from '#core/result.ts';
import { evidenceFileName } from '../results.ts';

/** Evidence that says nothing. */
export const evidence = Uint8Array.of(1, 2, 3);
const zero = '0'.repeat(64);
const interval = { value: 1, low: 0.5, high: 1 };

/** A result of nothing, whose digest is right. */
export function resultOf(changes: Partial<Result> = {}): Result {
  const result: Result = {
    schemaVersion: 1,
    digest: zero,
    submission: { id: 'A', digest: zero },
    track: 'mnist-l2-2',
    suite: { id: 'quick', digest: zero },
    backend: { name: 'wasm', device: 'd', versions: {}, precision: 'float32', denormals: 'kept', threads: 1 },
    code: { commit: 'unknown', lockfileDigest: zero },
    dataset: { id: 'mnist', split: 'test', digest: zero },
    seed: 0,
    examples: 1,
    cleanAccuracy: interval,
    robustAccuracy: interval,
    certifiedAccuracy: null,
    attacks: [],
    pairs: null,
    curve: [],
    flags: [],
    evidence: {
      file: evidenceFileName('A'),
      digest: createHash('sha256').update(evidence).digest('hex'),
      verified: 0,
      backend: 'cpu',
    },
    run: { date: '2026-01-01T00:00:00Z', seconds: 1, host: 'h', peakMemoryBytes: 1 },
    ...changes,
  };
  return { ...result, digest: resultDigest(result) };
}
