/**
 * The pipeline: scan → attack and certify → confirm → count → probe → diagnose → result. It computes nothing itself and opens no file: every task
 * is handed to workers, so that a browser, one process or many shards run the same evaluation.
 */
import type { NamedCertificate } from './certificates/certificate.ts';
import type { Examples } from './datasets/dataset.ts';
import { diagnose } from './diagnostics/index.ts';
import { sha256 } from './digest.ts';
import { certifyAll, refuseContradictions, refuseImprecise } from './evaluation/certify.ts';
import { confirm } from './evaluation/confirm.ts';
import { type Draft, draftResult } from './evaluation/draft.ts';
import { attackAll, scan, selectExamples } from './evaluation/phases.ts';
import { probeAll } from './evaluation/probes.ts';
import type { OutcomeOf, Task } from './evaluation/tasks.ts';
import { encodeEvidence, evidenceOf } from './evidence/file.ts';
import { evidenceRoot } from './evidence/records.ts';
import { countCertified } from './metrics/certified.ts';
import { rightAtFirst, standing } from './metrics/outcomes.ts';
import { recount } from './metrics/recount.ts';
import type { Result } from './result.ts';
import type { ResolvedSuite } from './suites/resolve.ts';

/** What is evaluated, and on what. */
export interface Evaluation {
  readonly submission: Result['submission'];
  /** The model file of a person's own in the place of a submission. */
  readonly model?: Result['model'];
  /** Digests of the submissions that lines name as surrogates, by id; none when absent. */
  readonly surrogates?: Readonly<Record<string, string>>;
  /** What it is certified by; nothing when absent. */
  readonly certificate?: NamedCertificate;
  readonly suite: ResolvedSuite;
  /** So many examples at most; the suite's count unless a person asked for fewer. */
  readonly count: number;
  readonly seed: number;
  readonly dataset: Result['dataset'];
  /** From the start of the split: as many as the suite scans. */
  readonly examples: Examples;
  readonly classes: number;
  readonly backend: Result['backend'];
  readonly code: Result['code'];
  /** Name of the evidence file, which lies beside the result. */
  readonly evidenceFile: string;
}

/** Whoever does the work. */
export interface Workers {
  /** Does a task on the backend of the evaluation, or remembers what came of it. */
  run<T extends Task>(task: T): Promise<OutcomeOf<T>>;
  /** Logits of images [n × size] → [n × classes], by another backend in a process of its own. */
  confirm(x: Float32Array): Promise<Float32Array>;
  /** Name of that backend. */
  readonly confirmedBy: string;
}

/**
 * @returns the result without the circumstances of its run, and the bytes of its evidence file
 * @throws ParapetError when the model gives no finite logits, or when an attack or a certificate of ours misbehaves
 */
export async function evaluate(
  evaluation: Evaluation,
  workers: Workers,
): Promise<{ draft: Draft; evidence: Uint8Array }> {
  const { suite } = evaluation;
  refuseImprecise(evaluation);
  const clean = await scan(evaluation, workers);
  const scanned = { ...clean, examples: selectExamples(evaluation, clean.predictions), y: evaluation.examples.y };
  const [runs, certified] = await Promise.all([
    attackAll(evaluation, workers, scanned.predictions, scanned.examples),
    certifyAll(evaluation, workers, scanned.examples),
  ]);
  const confirmed = await confirm(evaluation, workers, scanned, runs);
  const numbers = recount({ ...scanned, ...confirmed }, suite);
  const right = rightAtFirst(scanned);
  const certificate =
    certified && countCertified(certified, standing({ ...scanned, ...confirmed }), evaluation.suite.track);
  if (certificate !== null) refuseContradictions(certificate, scanned.examples);
  const evidence = encodeEvidence({ ...scanned, ...confirmed, certificate: certified?.numbers ?? null }, evaluation);
  const probes = await probeAll(evaluation, workers, scanned.examples, right, confirmed.lines, numbers);
  const flags = diagnose({
    ...confirmed,
    ...clean,
    suite,
    numbers,
    lines: runs,
    outcomes: confirmed.lines,
    right,
    probes,
  });
  const images = confirmed.best.length + confirmed.pairs.length;
  const root = evidenceRoot(evidenceOf(evidence, evaluation), suite.suite.headline);
  const shown = { digest: sha256(evidence), root, verified: images, backend: workers.confirmedBy };
  return { draft: draftResult(evaluation, { ...numbers, certificate }, runs, flags, probes, shown), evidence };
}
