import { arch, availableParallelism, platform } from 'node:os';
import { performance } from 'node:perf_hooks';
import { encodeExternalEvidence } from '#core/external/evidence.ts';
import { imageOf, judgeExternal } from '#core/external/judge.ts';
import { externalKind } from '#core/external-evaluation.ts';
import { countVerdicts, type ExternalResult, externalDigest } from '#core/external-result.ts';
import { codeIdentity } from '../files/code.ts';
import { readExternal } from '../files/external.ts';
import { externalResultPath, writeExternalResult } from '../files/external-results.ts';
import { publishExternal } from '../files/publications.ts';
import { evidenceFileName } from '../files/results.ts';
import { sha256Of } from '../files/sha256.ts';
import { classifyOn, externalJob } from './external-job.ts';
import { type SessionOptions, withSession } from './session.ts';

export interface ExternalOptions extends SessionOptions {
  /** File of the result; `out/external/<track>/<id>.json` when absent. */
  readonly out?: string | undefined;
  /** Write under `results/` instead of `out/`. */
  readonly publish: boolean;
}

export interface EvaluatedExternal {
  readonly path: string;
  readonly result: ExternalResult;
  /** Positions in the test set whose image was confirmed. */
  readonly confirmed: ReadonlySet<number>;
}

/**
 * Judges every image of an external evaluation with the weights of its target, on the backend and on an independent one, each
 * in workers of its own, and writes the result with its evidence.
 * @param folder of the external evaluation
 * @throws ParapetError 'submission' for what is wrong with it or its target; whatever a session throws
 */
export async function evaluateExternal(folder: string, options: ExternalOptions): Promise<EvaluatedExternal> {
  const started = performance.now();
  const code = await codeIdentity();
  const read = await readExternal(folder);
  const { evaluation, track, examples: handedIn, target } = read;
  return withSession(options, async ({ pool, confirming }, backend) => {
    const judging = await externalJob(read, options.signal);
    const { examples, by } = judging;
    let done = 0;
    const onImages = (count: number) => {
      done += count;
      const [doneTasks, plannedTasks] = [done, 2 * handedIn.index.length];
      options.onProgress({ doneTasks, plannedTasks, share: doneTasks / plannedTasks, secondsLeft: null });
    };
    const verdicts = await judgeExternal(handedIn, by, {
      evaluating: classifyOn(async () => pool, judging, onImages),
      independent: classifyOn(() => confirming.pool(), judging, onImages),
    });
    const evidence = encodeExternalEvidence({
      index: handedIn.index,
      label: handedIn.index.map(by.label),
      verdicts,
      images: verdicts.flatMap((verdict, row) =>
        verdict === 'confirmed' ? [{ row, pixels: imageOf(handedIn, row) }] : [],
      ),
    });
    const draft: Omit<ExternalResult, 'digest' | 'run'> = {
      schemaVersion: 1,
      kind: externalKind,
      evaluation: { id: evaluation.id, digest: read.digest },
      submission: { id: target.submission.id, digest: target.digest },
      track: track.id,
      backend,
      code,
      dataset: { id: track.dataset, split: 'test', digest: examples.digest },
      ...countVerdicts(verdicts),
      evidence: {
        file: evidenceFileName(evaluation.id),
        digest: sha256Of(evidence),
        backend: confirming.backend,
      },
    };
    const result: ExternalResult = {
      ...draft,
      digest: externalDigest(draft),
      run: {
        date: new Date().toISOString(),
        seconds: (performance.now() - started) / 1000,
        host: `${platform()} ${arch()}, ${availableParallelism()} processors`,
        peakMemoryBytes: Math.max(pool.peakMemoryBytes, process.resourceUsage().maxRSS * 1024),
      },
    };
    const path = options.out ?? externalResultPath(track.id, evaluation.id, options.publish);
    const store = options.publish && options.out === undefined ? publishExternal : writeExternalResult;
    await store(path, result, evidence, options.note);
    return { path, result, confirmed: new Set(handedIn.index.filter((_, row) => verdicts[row] === 'confirmed')) };
  });
}
