import type { LineObservations } from '../diagnostics/diagnostic.ts';
import { ParapetError } from '../errors.ts';
import type { Evaluation, Workers } from '../evaluate.ts';
import type { LineOutcomes } from '../metrics/outcomes.ts';
import type { AttackTask, AttackTaskOutcome } from './tasks.ts';

/** Examples classified at a time. */
const SCAN_CHUNK = 500;

export interface Scan {
  /** Predicted class of each scanned example. */
  readonly predictions: Int32Array;
  readonly probabilityRows: number;
}

/** One line of the suite, all its chunks joined. */
export interface LineRun extends LineObservations {
  readonly outcomes: LineOutcomes;
  /** Images of the rows that may serve as evidence. */
  readonly images: ReadonlyMap<number, Float32Array>;
  readonly forwardCalls: number;
  readonly gradientCalls: number;
  readonly seconds: number;
}

/** Part `index` (from 0) of `count` of an evaluation's attack tasks. */
export interface Shard {
  readonly index: number;
  readonly count: number;
}

/** How many examples of the data set an evaluation looks at before it attacks. */
export function scanLength({ suite: { suite }, count, examples }: Evaluation): number {
  return suite.examples.which === 'first' ? Math.min(count, suite.examples.count, examples.count) : examples.count;
}

/**
 * Classifies the clean examples.
 * @throws ParapetError 'submission' when a logit is not finite
 */
export async function scan(evaluation: Evaluation, workers: Pick<Workers, 'run'>): Promise<Scan> {
  const total = scanLength(evaluation);
  const starts = Array.from({ length: Math.ceil(total / SCAN_CHUNK) }, (_, i) => i * SCAN_CHUNK);
  const parts = await Promise.all(
    starts.map((start) => workers.run({ kind: 'clean', start, count: Math.min(SCAN_CHUNK, total - start) })),
  );
  const nonFinite = parts.flatMap((part) => [...part.nonFinite]);
  if (nonFinite.length > 0) {
    throw new ParapetError(
      'submission',
      `logits: NaN or infinite for ${nonFinite.length} of ${total} clean images, the first of them number ${nonFinite[0]}`,
      'check the weights',
    );
  }
  return {
    predictions: Int32Array.from(parts.flatMap((part) => [...part.predictions])),
    probabilityRows: parts.reduce((sum, part) => sum + part.probabilityRows, 0),
  };
}

/** @returns positions of the examples to attack */
export function selectExamples({ suite: { suite }, count, examples }: Evaluation, predictions: Int32Array): Int32Array {
  const wanted = Math.min(count, suite.examples.count);
  const candidates = Array.from(predictions.keys()).filter(
    (i) => suite.examples.which === 'first' || predictions[i] === examples.y[i],
  );
  return Int32Array.from(candidates.slice(0, wanted));
}

/**
 * Every attack task of an evaluation, line by line and chunk by chunk.
 * @param keepAll keep the image of every row, not only those that may serve as evidence
 */
export function attackTasks(
  { suite: { suite, lines, track }, seed }: Evaluation,
  chosen: Int32Array,
  keepAll = false,
): AttackTask[] {
  const starts = Array.from({ length: Math.ceil(chosen.length / suite.chunk) }, (_, i) => i * suite.chunk);
  return lines.flatMap((line) =>
    starts.map(
      (start, chunk): AttackTask => ({
        kind: 'attack',
        line,
        norm: track.norm,
        epsilon: track.epsilon,
        seed,
        chunk,
        examples: chosen.slice(start, start + suite.chunk),
        keep: keepAll ? 'all' : start < suite.evidence.limit ? 'evidence' : 'none',
      }),
    ),
  );
}

/** Runs a shard's part of the attack tasks, for the workers to remember. @returns how many there were */
export async function runShard(evaluation: Evaluation, workers: Pick<Workers, 'run'>, shard: Shard): Promise<number> {
  const { predictions } = await scan(evaluation, workers);
  const tasks = attackTasks(evaluation, selectExamples(evaluation, predictions));
  const own = tasks.filter((_, i) => i % shard.count === shard.index);
  await Promise.all(own.map((task) => workers.run(task)));
  return own.length;
}

/** Runs every attack task and joins the chunks of each line. */
export async function attackAll(
  evaluation: Evaluation,
  workers: Pick<Workers, 'run'>,
  chosen: Int32Array,
  keepAll = false,
): Promise<LineRun[]> {
  const tasks = attackTasks(evaluation, chosen, keepAll);
  const done = await Promise.all(tasks.map((task) => workers.run(task)));
  const perLine = evaluation.suite.lines.length === 0 ? 0 : tasks.length / evaluation.suite.lines.length;
  return evaluation.suite.lines.map((line, i) => joinChunks(line, done.slice(i * perLine, (i + 1) * perLine)));
}

function joinChunks(line: LineOutcomes['line'], chunks: readonly AttackTaskOutcome[]): LineRun {
  const images = new Map<number, Float32Array>();
  let rows = 0;
  for (const { kept, images: pixels, code } of chunks) {
    const size = kept.length === 0 ? 0 : pixels.length / kept.length;
    kept.forEach((row, i) => {
      images.set(rows + row, pixels.slice(i * size, (i + 1) * size));
    });
    rows += code.length;
  }
  const sum = (of: (chunk: AttackTaskOutcome) => number) => chunks.reduce((total, chunk) => total + of(chunk), 0);
  const gradientCalls = sum((c) => c.gradientCalls);
  const zeroGradients = sum((c) => (c.zeroGradientShare ?? 0) * c.gradientCalls);
  return {
    line,
    outcomes: {
      line,
      rowsPerExample: chunks[0]?.rowsPerExample ?? 1,
      code: Uint8Array.from(chunks.flatMap((c) => [...c.code])),
      distance: Float64Array.from(chunks.flatMap((c) => [...c.distance])),
      trackDistance: Float64Array.from(chunks.flatMap((c) => [...c.trackDistance])),
    },
    images,
    nonFinite: sum((c) => c.nonFinite),
    rejected: sum((c) => c.rejected),
    zeroGradientShare: gradientCalls === 0 ? null : zeroGradients / gradientCalls,
    forwardCalls: sum((c) => c.forwardCalls),
    gradientCalls,
    seconds: sum((c) => c.seconds),
  };
}
