import { access, rm } from 'node:fs/promises';
import { arch, availableParallelism, platform } from 'node:os';
import { performance } from 'node:perf_hooks';
import { ParapetError } from '#core/errors.ts';
import { evaluate, type Workers } from '#core/evaluate.ts';
import { runShard, type Shard, shardOf } from '#core/evaluation/phases.ts';
import { type OutcomeOf, type Task, taskKey } from '#core/evaluation/tasks.ts';
import { withoutReferences } from '#core/models/sent-model.ts';
import type { Result } from '#core/result.ts';
import { type Journal, openJournal } from '../files/journal.ts';
import { withLock } from '../files/lock.ts';
import { writeResult } from '../files/results.ts';
import { taskCost } from './cost.ts';
import type { WorkerBackend } from './messages.ts';
import type { Pool } from './pool.ts';
import { expectedCertificates, expectedChains, expectedProbes, type Prepared } from './prepare.ts';
import type { Tally } from './tally.ts';

/** What evaluations share: worker processes, and whoever is told how far they are. */
export interface Session {
  readonly pool: Pool;
  /** Workers of another backend, started when first asked for. */
  readonly confirming: { readonly backend: WorkerBackend; pool(): Promise<Pool> };
  readonly tally: Tally;
  /** Ends the workers; whoever waits for one is told that it was interrupted. */
  stop(): void;
  /** Told what a person should know beside the progress. */
  note(message: string): void;
}

/** What writes a result with its evidence. */
type Store = (path: string, result: Result, evidence: Uint8Array, note: (message: string) => void) => Promise<void>;

/** Where a shard of an evaluation keeps its part; the whole keeps its own beside its result. */
export function journalPath(out: string, shard?: Shard): string {
  return shard === undefined ? `${out}.journal` : `${out}.shard-${shard.index + 1}-of-${shard.count}.journal`;
}

/**
 * Evaluates and writes the result and its evidence; what was done survives a kill, and the next call goes on from there.
 * @param order evaluations of a session that run at once take workers in this order
 * @param shardsToMerge in how many shards the attacks were run before; their journals must lie beside `out`
 * @param store writes the result; the journal is there until it has
 * @throws ParapetError 'infrastructure' when another process works on the same output
 */
export async function runEvaluation(
  prepared: Prepared,
  session: Session,
  out: string,
  order: number,
  shardsToMerge = 0,
  store: Store = writeResult,
): Promise<Result> {
  return withLock(`${out}.lock`, async () => {
    const started = performance.now();
    const journal = await openNoting(prepared, session, journalPath(out), 'begin-anew');
    try {
      for (let index = 0; index < shardsToMerge; index++) {
        await mergeShard(journal, prepared, journalPath(out, { index, count: shardsToMerge }));
      }
      const { evaluation } = prepared;
      session.tally.plan([
        ...expectedChains(evaluation).flat(),
        ...expectedCertificates(evaluation),
        ...expectedProbes(evaluation),
      ]);
      const { draft, evidence } = await evaluate(evaluation, workersOf(prepared, session, journal, order));
      const run: Result['run'] = {
        date: new Date().toISOString(),
        seconds: (performance.now() - started) / 1000,
        host: `${platform()} ${arch()}, ${availableParallelism()} processors`,
        peakMemoryBytes: Math.max(session.pool.peakMemoryBytes, process.resourceUsage().maxRSS * 1024),
      };
      const result = { ...draft, run };
      await store(out, result, evidence, session.note);
      await journal.close();
      await rm(journalPath(out), { force: true });
      return result;
    } finally {
      await journal.close();
    }
  });
}

/** Runs one shard's part of the attacks into its journal. @returns how many tasks that were */
export async function runShardOf(prepared: Prepared, session: Session, out: string, shard: Shard): Promise<number> {
  const path = journalPath(out, shard);
  return withLock(`${path}.lock`, async () => {
    const journal = await openNoting(prepared, session, path, 'begin-anew');
    try {
      session.tally.plan(shardOf(expectedChains(prepared.evaluation), shard).flat());
      return await runShard(prepared.evaluation, workersOf(prepared, session, journal, 0), shard);
    } finally {
      await journal.close();
    }
  });
}

async function openNoting(
  { evaluation, identity }: Prepared,
  { note }: Session,
  path: string,
  onMismatch: 'begin-anew' | 'refuse',
): Promise<Journal> {
  const journal = await openJournal(path, identity, onMismatch);
  const { id } = evaluation.submission;
  const { discarded } = journal;
  if (discarded.length > 0) note(`${id}: ${path} was of a run with another ${discarded.join(', ')}; beginning anew`);
  else if (journal.keys().length > 0)
    note(`${id}: going on where an earlier run ended (${journal.keys().length} tasks done)`);
  return journal;
}

/** Takes over what a shard has done. */
async function mergeShard(journal: Journal, { identity }: Prepared, path: string): Promise<void> {
  const isThere = await access(path).then(
    () => true,
    () => false,
  );
  if (!isThere)
    throw new ParapetError('usage', `${path}: there is no such part`, 'run every part first; shard plan lists them');
  await takeOver(journal, await openJournal(path, identity, 'refuse'));
}

async function takeOver(journal: Journal, part: Journal): Promise<void> {
  const known = new Set(journal.keys());
  for (const key of part.keys()) if (!known.has(key)) await journal.append(key, part.get(key));
  await part.close();
}

function workersOf({ job }: Prepared, { pool, confirming, tally }: Session, journal: Journal, order: number): Workers {
  return {
    async run<T extends Task>(task: T): Promise<OutcomeOf<T>> {
      const key = taskKey(task);
      const known = key === null ? undefined : journal.get(key);
      if (known !== undefined) {
        tally.done(task, null);
        return known as OutcomeOf<T>;
      }
      const outcome = await pool.run(job, task, [order, -taskCost(task)], (progress) => tally.within(task, progress));
      if (key !== null) await journal.append(key, outcome);
      tally.done(task, 'seconds' in outcome ? outcome.seconds : null);
      return outcome;
    },
    async confirm(x) {
      const { x: all, count } = job.examples;
      const confirmed = tally.confirming((x.length * count) / all.length);
      const other = await confirming.pool();
      const model = withoutReferences(job.models.model);
      const asked = { ...job, models: { ...job.models, model } };
      const logits = await other.run(asked, { kind: 'predict', x }, [order, 0]);
      confirmed();
      return logits;
    },
    confirmedBy: confirming.backend,
  };
}
