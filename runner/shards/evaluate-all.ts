import { ParapetError } from '#core/errors.ts';
import type { Shard } from '#core/evaluation/phases.ts';
import type { Result } from '#core/result.ts';
import { codeIdentity } from '../files/code.ts';
import { throwIfInterrupted } from '../files/interrupted.ts';
import { publishResult } from '../files/publications.ts';
import { resultPath, writeResult } from '../files/results.ts';
import { type Prepared, prepare, type Request } from './prepare.ts';
import { runEvaluation, runShardOf } from './run.ts';
import { type SessionOptions, withSession } from './session.ts';

export interface EvaluateOptions extends SessionOptions {
  /** File of the result; only for a single request. */
  readonly out?: string | undefined;
  /** Write under `results/` instead of `out/`. */
  readonly publish: boolean;
  /** Part of the attacks to run, for another machine or process to merge. */
  readonly shard?: Shard | undefined;
  /** In how many shards the attacks were run before. */
  readonly shardsToMerge?: number | undefined;
}

export interface Evaluated {
  readonly path: string;
  readonly result: Result;
}

/**
 * Evaluates every request; all of them are checked before anything is computed, and share the worker processes.
 * @throws ParapetError 'usage' when one that draws at random would be published on a suite that does not average over draws
 * @throws what the first request to fail threw; the others stop, and go on from there when they are asked for again
 */
export async function evaluateAll(requests: readonly Request[], options: EvaluateOptions): Promise<Evaluated[]> {
  return withPrepared(requests, options, async (prepared, path, session, order) => {
    const store = options.publish && options.out === undefined ? publishResult : writeResult;
    const result = await runEvaluation(prepared, session, path, order, options.shardsToMerge, store);
    return { path, result };
  });
}

/** Runs one shard of every request. @returns the outputs it is a part of, and how many tasks it did */
export async function runShards(
  requests: readonly Request[],
  shard: Shard,
  options: EvaluateOptions,
): Promise<{ path: string; tasks: number }[]> {
  return withPrepared(requests, options, async (prepared, path, session) => {
    return { path, tasks: await runShardOf(prepared, session, path, shard) };
  });
}

type Session = Parameters<typeof runEvaluation>[1];

async function withPrepared<T>(
  requests: readonly Request[],
  options: EvaluateOptions,
  body: (prepared: Prepared, path: string, session: Session, order: number) => Promise<T>,
): Promise<T[]> {
  const code = await codeIdentity();
  return withSession(options, async (session, report) => {
    const prepared: Prepared[] = [];
    for (const request of requests) {
      const one = await prepare(request, report, code, options.signal);
      if (one.unfit !== undefined && options.publish) {
        throw new ParapetError('usage', one.unfit, 'publish it with --suite autoattack-rand-100 or autoattack-rand');
      }
      if (one.unfit !== undefined) session.note(one.unfit);
      prepared.push(one);
      throwIfInterrupted(options.signal);
    }
    const running = prepared.map((one, order) =>
      body(one, options.out ?? pathOf(one, options.publish), session, order),
    );
    try {
      return await Promise.all(running);
    } catch (error) {
      // The others let go of their journals and locks before anyone hears of it.
      session.stop();
      await Promise.allSettled(running);
      throw error;
    }
  });
}

function pathOf({ evaluation: { submission, suite } }: Prepared, publish: boolean): string {
  return resultPath({ suite: suite.suite.id, track: suite.track.id, id: submission.id }, publish);
}
