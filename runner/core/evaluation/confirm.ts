import { ParapetError } from '../errors.ts';
import type { Evaluation, Workers } from '../evaluate.ts';
import { type Candidate, type Claim, chooseEvidence, type Judges, type Shown } from '../evidence/choose.ts';
import type { EvidenceImage } from '../evidence/images.ts';
import { isEligible, nearestDistances } from '../evidence/nearest.ts';
import { type LineOutcomes, type Outcomes, outcome, rightAtFirst } from '../metrics/outcomes.ts';
import { imagesAtOnce } from './at-once.ts';
import { cleanImages } from './clean.ts';
import type { LineRun } from './phases.ts';
import { wrongClass } from './targets.ts';

/** Small images of one prediction task. */
const PREDICT_CHUNK = 100;

/** What is known before any attack is judged. */
export type Scanned = Pick<Outcomes, 'examples' | 'predictions' | 'y'>;

/** Outcomes as far as they could be shown, and the images that show them. */
export interface Confirmed {
  readonly lines: readonly LineOutcomes[];
  readonly best: readonly EvidenceImage[];
  readonly pairs: readonly EvidenceImage[];
  readonly nearest: Float64Array;
  /** Successes that did not stand up, and that no longer count. */
  readonly unconfirmed: number;
}

/**
 * Has the images that show the result confirmed by an independent backend, and takes back what it does not confirm.
 * @throws ParapetError 'infrastructure' when attacks left their ball or the pixel range more than once in a thousand times
 */
export async function confirm(
  evaluation: Evaluation,
  workers: Workers,
  scanned: Scanned,
  runs: readonly LineRun[],
): Promise<Confirmed> {
  const { track, suite, lines: suiteLines } = evaluation.suite;
  const right = rightAtFirst(scanned);
  const clean = cleanImages(evaluation, scanned.examples);
  const y = (i: number) => scanned.y[scanned.examples[i] ?? 0] ?? 0;
  const limit = Math.min(suite.evidence.limit, right.length);
  const judges = judgesOf(evaluation, workers);
  const radius = ({ line, distance }: Candidate) =>
    suiteLines[line]?.ball === 'track' || distance <= track.epsilon ? track.epsilon : Number.POSITIVE_INFINITY;
  const lines = runs.map(({ outcomes }) => copyOf(outcomes));
  const show = async (claims: readonly Claim[], epsilon: (candidate: Candidate) => number) => {
    const shown = await chooseEvidence(claims, judges, { norm: track.norm, epsilon });
    refuseStrays(shown);
    for (const { line, row } of shown.flatMap(({ rejected }) => rejected)) drop(lines[line] as LineOutcomes, row);
    return shown;
  };

  // Pairs first: a row that fails as a pair must not serve as the best image of its example.
  const headline = suite.evidence.images === 'pairs' ? runs.findIndex(({ line }) => line.id === suite.headline) : -1;
  const perExample = runs[headline]?.outcomes.rowsPerExample ?? 1;
  const pairRows = [...(runs[headline]?.images.keys() ?? [])].filter(
    (row) => row < limit * perExample && (runs[headline]?.outcomes.trackDistance[row] ?? 0) > 0,
  );
  const shownPairs = await show(
    pairRows.map((row) => {
      const i = Math.floor(row / perExample);
      const target = wrongClass(y(i), row % perExample);
      return { x: clean(i), y: y(i), target, candidates: [candidateOf(runs, headline, row)] };
    }),
    (candidate) => Math.min(radius(candidate), candidate.distance),
  );
  const candidates = candidatesByExample(runs, lines, track.norm);
  const positions = [...right.keys()].filter((i) => right[i] && i < limit && candidates.has(i));
  const shownExamples = await show(
    positions.map((i) => ({ x: clean(i), y: y(i), target: null, candidates: candidates.get(i) ?? [] })),
    radius,
  );

  const best = imagesOf(shownExamples, positions);
  return {
    lines,
    best,
    pairs: imagesOf(shownPairs, pairRows),
    nearest: nearestDistances(right, lines, best, clean, track, limit),
    unconfirmed: [...shownPairs, ...shownExamples].reduce((sum, { rejected }) => sum + rejected.length, 0),
  };
}

function judgesOf({ examples, classes }: Evaluation, workers: Workers): Judges {
  const size = examples.x.length / examples.count;
  const inChunks = (classify: (x: Float32Array) => Promise<Float32Array>) => async (x: Float32Array) => {
    const most = imagesAtOnce(size, PREDICT_CHUNK);
    const step = most * size;
    const starts = Array.from({ length: Math.ceil(x.length / step) }, (_, i) => i * step);
    const parts = await Promise.all(starts.map((start) => classify(x.slice(start, start + step))));
    const logits = new Float32Array((x.length / size) * classes);
    parts.forEach((part, i) => {
      logits.set(part, i * most * classes);
    });
    return logits;
  };
  return {
    evaluating: inChunks((x) => workers.run({ kind: 'predict', x })),
    independent: inChunks((x) => workers.confirm(x)),
    classes,
  };
}

function copyOf(outcomes: LineOutcomes): LineOutcomes {
  const distance = outcomes.distance.slice();
  const isSame = outcomes.distance === outcomes.trackDistance;
  return {
    ...outcomes,
    code: outcomes.code.slice(),
    distance,
    trackDistance: isSame ? distance : outcomes.trackDistance.slice(),
  };
}

function drop({ code, distance, trackDistance }: LineOutcomes, row: number): void {
  code[row] = outcome.held;
  distance[row] = 0;
  trackDistance[row] = 0;
}

function candidateOf(runs: readonly LineRun[], line: number, row: number): Candidate {
  const run = runs[line] as LineRun;
  const distance = run.outcomes.trackDistance[row] as number;
  return { line, row, pixels: run.images.get(row) as Float32Array, distance };
}

/** What may show that an example is broken, nearest first, in the order of the suite among equals. */
function candidatesByExample(
  runs: readonly LineRun[],
  lines: readonly LineOutcomes[],
  norm: Evaluation['suite']['track']['norm'],
): Map<number, Candidate[]> {
  const found = new Map<number, Candidate[]>();
  lines.forEach((outcomes, line) => {
    for (const row of runs[line]?.images.keys() ?? []) {
      if (!isEligible(outcomes, row, norm)) continue;
      const example = Math.floor(row / outcomes.rowsPerExample);
      found.set(example, [...(found.get(example) ?? []), candidateOf(runs, line, row)]);
    }
  });
  for (const candidates of found.values())
    candidates.sort((a, b) => a.distance - b.distance || a.line - b.line || a.row - b.row);
  return found;
}

function imagesOf(shown: readonly Shown[], rows: readonly number[]): EvidenceImage[] {
  return shown.flatMap(({ chosen }, i) => {
    if (chosen === null) return [];
    const { pixels, stepped } = chosen;
    return [{ row: rows[i] as number, pixels, ...(stepped && { stepped }) }];
  });
}

function refuseStrays(shown: readonly Shown[]): void {
  const strays = shown.reduce((sum, { outside }) => sum + outside, 0);
  if (strays > Math.max(1, shown.length / 1000)) {
    throw new ParapetError(
      'infrastructure',
      `${strays} adversarial images lie outside their ball or the pixel range: a bug of an attack`,
      'nothing is published; report it with the command that you ran',
    );
  }
}
