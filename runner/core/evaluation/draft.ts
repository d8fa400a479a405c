import type { Observations } from '../diagnostics/diagnostic.ts';
import type { Evaluation } from '../evaluate.ts';
import type { CertifiedNumbers } from '../metrics/certified.ts';
import type { LineNumbers, Numbers } from '../metrics/recount.ts';
import { type AttackResult, type Flag, type Result, resultDigest } from '../result.ts';
import type { ThreatModel } from '../tracks.ts';
import type { LineRun } from './phases.ts';

/** A result but for the circumstances of the run. */
export type Draft = Omit<Result, 'run'>;

export function draftResult(
  { submission, model, surrogates, suite, backend, code, dataset, seed, evidenceFile }: Evaluation,
  numbers: Numbers & { readonly certificate: CertifiedNumbers | null },
  runs: readonly LineRun[],
  flags: readonly Flag[],
  probes: Observations['probes'],
  evidence: Omit<Result['evidence'], 'file'>,
): Draft {
  const draft: Omit<Draft, 'digest'> = {
    schemaVersion: 1,
    submission,
    ...(model === undefined ? {} : { model }),
    track: suite.track.id,
    ...(dataset.split === 'own' ? { threat: { norm: suite.track.norm, epsilon: suite.track.epsilon } } : {}),
    suite: { id: suite.suite.id, digest: suite.digest },
    backend,
    code,
    dataset,
    seed,
    examples: numbers.examples,
    cleanAccuracy: numbers.cleanAccuracy,
    robustAccuracy: numbers.robustAccuracy,
    certifiedAccuracy: numbers.certificate?.certifiedAccuracy ?? null,
    ...(numbers.certificate === null ? {} : { certificate: numbers.certificate.certificate }),
    attacks: runs.map((run, i) => attackResult(run, numbers.lines[i] as LineNumbers, suite.track, surrogates)),
    pairs: numbers.pairs,
    curve: [...numbers.curve],
    flags: [...flags],
    probes: { ...probes },
    evidence: { file: evidenceFile, ...evidence },
  };
  return { ...draft, digest: resultDigest(draft) };
}

function attackResult(
  run: LineRun,
  numbers: LineNumbers,
  track: ThreatModel,
  digests: Evaluation['surrogates'],
): AttackResult {
  const { id, attack, options, targets, norm, file } = run.line;
  const { attempted, robustAccuracy, successRate, medianDistance, pairs } = numbers;
  const { seconds, forwardCalls, gradientCalls } = run;
  const named = run.line.surrogates?.map((surrogate) => ({ id: surrogate, digest: digests?.[surrogate] ?? '' }));
  return {
    id,
    attack,
    options: { ...options },
    targets,
    ...(named === undefined ? {} : { surrogates: named }),
    ...(file === undefined ? {} : { file }),
    attempted,
    robustAccuracy,
    successRate,
    norm: norm ?? track.norm,
    medianDistance,
    pairs,
    seconds,
    forwardCalls,
    gradientCalls,
  };
}
