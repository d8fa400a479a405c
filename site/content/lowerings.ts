/** What external evaluations make of the rows: read from the evidence of both. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { canonicalJson } from '#core/canonical.ts';
import { findDataset } from '#core/datasets/index.ts';
import { digestOf } from '#core/digest.ts';
import { ParapetError } from '#core/errors.ts';
import { boundWithout, type CertifiedBound, provenExamples } from '#core/evidence/certified.ts';
import { standings } from '#core/evidence/standing.ts';
import { confirmedOf, decodeExternalEvidence, type ExternalEvidence } from '#core/external/evidence.ts';
import type { ExternalEvaluation } from '#core/external-evaluation.ts';
import { countVerdicts, type ExternalResult } from '#core/external-result.ts';
import { type ExternalShare, lowered } from '#core/metrics/lowered.ts';
import type { Proportion, Result } from '#core/result.ts';
import { tracks } from '#core/tracks.ts';

/** An external evaluation beside a row, and what it did to it. */
export interface ExternalNote extends ExternalShare {
  readonly evaluation: ExternalEvaluation;
  readonly result: ExternalResult;
}

/** A row after the external evaluations of it. */
export interface Lowering {
  readonly robustAccuracy: Proportion;
  /** Both bounds of the examples that a certificate is of, without those that were broken; null without a certificate. */
  readonly certified: CertifiedBound | null;
  /** The one that broke most first. */
  readonly notes: readonly ExternalNote[];
}

/**
 * @param folder the folder of all results
 * @param evaluations what external evaluations declare, by id
 * @returns by the digest of the result that is lowered; none for a result that nobody evaluated further
 * @throws ParapetError 'integrity' that names the external result whose target, images or counts do not fit
 */
export async function loweringsOf(
  folder: string,
  results: readonly Result[],
  externals: readonly ExternalResult[],
  evaluations: ReadonlyMap<string, ExternalEvaluation>,
): Promise<ReadonlyMap<string, Lowering>> {
  const read = await Promise.all(externals.map((external) => open(folder, external, results, evaluations)));
  const lowerings = new Map<string, Lowering>();
  for (const result of results) {
    const here = read.filter(({ result: external }) => isOf(external, result));
    if (here.length === 0) continue;
    const bytes = await evidenceOf(folder, `${result.suite.id}/${result.track}`, result);
    refuseProven(result, bytes, here);
    const { robustAccuracy, broken, shares } = lowered(
      result,
      standings(bytes, labelsOf(here)),
      here.map(({ evidence }) => confirmedOf(evidence)),
    );
    const notes = here
      .map(({ evaluation, result: external }, i) => ({ evaluation, result: external, ...(shares[i] as ExternalShare) }))
      .sort((a, b) => b.broken - a.broken || (a.evaluation.id < b.evaluation.id ? -1 : 1));
    lowerings.set(result.digest, { robustAccuracy, certified: boundWithout(broken, result, bytes), notes });
  }
  return lowerings;
}

interface Opened {
  readonly evaluation: ExternalEvaluation;
  readonly result: ExternalResult;
  readonly evidence: ExternalEvidence;
}

/** Reads the evidence of an external result, and refuses what does not fit. */
async function open(
  folder: string,
  result: ExternalResult,
  results: readonly Result[],
  evaluations: ReadonlyMap<string, ExternalEvaluation>,
): Promise<Opened> {
  const { id } = result.evaluation;
  const refuse = (what: string, hint = `evaluate --publish submissions/${id} again`): never => {
    throw new ParapetError('integrity', `results/external/${result.track}/${id}.json: ${what}; ${hint}`);
  };
  const evaluation = evaluations.get(id) ?? refuse(`there is no submissions/${id}`, 'publish both');
  const { of, examples } = evaluation;
  if (of.submission !== result.submission.id || of.track !== result.track) {
    refuse(`it is of ${result.submission.id}; submissions/${id} is of ${of.submission} on ${of.track}`);
  }
  if (result.evaluation.digest !== digestOf({ manifest: evaluation, examples: examples.sha256 })) {
    refuse(`evaluation.digest is ${result.evaluation.digest}, and not that of submissions/${id}`);
  }
  if (!results.some((row) => isOf(result, row))) {
    refuse(`submission.digest is ${result.submission.digest}, and no published result of ${of.submission} is of that`);
  }
  const dataset = tracks.find((track) => track.id === result.track)?.dataset;
  if (dataset === undefined) return refuse(`there is no track '${result.track}'`);
  const size = findDataset(dataset).shape.reduce((product, side) => product * side, 1);
  const evidence = decodeExternalEvidence(await evidenceOf(folder, `external/${result.track}`, result), size);
  const { attempted, valid, confirmed, rejected } = result;
  const counted = countVerdicts(evidence.verdicts);
  if (canonicalJson({ attempted, valid, confirmed, rejected }) !== canonicalJson(counted)) {
    refuse(
      `says ${confirmed} of ${attempted} confirmed; its evidence has ${counted.confirmed} of ${counted.attempted}`,
    );
  }
  return { evaluation, result, evidence };
}

/** What is proven cannot be broken. */
function refuseProven(row: Result, evidence: Uint8Array, opened: readonly Opened[]): void {
  const proven = provenExamples(row, evidence);
  for (const { evidence: images, result } of opened) {
    const [first] = [...confirmedOf(images)].filter((position) => proven.has(position));
    if (first === undefined) continue;
    const file = `results/external/${result.track}/${result.evaluation.id}.json`;
    throw new ParapetError(
      'integrity',
      `${file}: it broke example ${first}, which ${row.submission.id} is certified on; one of the two is wrong`,
    );
  }
}

/** Whether an external result is of the defense of a row, as it was evaluated. */
function isOf(external: ExternalResult, row: Result): boolean {
  return (
    external.track === row.track &&
    external.submission.id === row.submission.id &&
    external.submission.digest === row.submission.digest
  );
}

async function evidenceOf(
  folder: string,
  place: string,
  { evidence }: { readonly evidence: { readonly file: string } },
): Promise<Uint8Array> {
  return new Uint8Array(await readFile(join(folder, ...place.split('/'), evidence.file)));
}

/** True classes as far as the evaluations say them; where none does, a class that no model predicts. */
function labelsOf(opened: readonly Opened[]): Int32Array {
  const last = Math.max(...opened.map(({ evidence }) => evidence.index.at(-1) ?? 0));
  const labels = new Int32Array(last + 1).fill(-2);
  for (const { evidence } of opened) {
    evidence.index.forEach((position, row) => {
      labels[position] = evidence.label[row] as number;
    });
  }
  return labels;
}
