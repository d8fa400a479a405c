import type { LineObservations } from '../diagnostics/diagnostic.ts';
import { ParapetError } from '../errors.ts';
import type { Evaluation, Workers } from '../evaluate.ts';
import { type LineOutcomes, outcome, reached } from '../metrics/outcomes.ts';
import type { SuiteAttack } from '../suites/suite.ts';
import { imagesAtOnce } from './at-once.ts';
import type { AttackTask, AttackTaskOutcome } from './tasks.ts';

/** Small examples classified at a time. */
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
  const { x, count } = evaluation.examples;
  const step = imagesAtOnce(x.length / count, SCAN_CHUNK);
  const starts = Array.from({ length: Math.ceil(total / step) }, (_, i) => i * step);
  const parts = await Promise.all(
    starts.map((start) => workers.run({ kind: 'clean', start, count: Math.min(step, total - start) })),
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

/** Attack tasks that must be done one after another; in a cascade a line waits for those before it, chunk by chunk. */
export type Chain = readonly AttackTask[];

/**
 * Every attack task of an evaluation.
 * @param chosen positions of the examples to attack
 * @param keepAll keep the image of every row, not only those that may serve as evidence
 */
export function attackChains(
  { suite: { suite, lines, track }, seed }: Evaluation,
  chosen: Int32Array,
  keepAll = false,
): Chain[] {
  const taskOf = (line: SuiteAttack, start: number): AttackTask => ({
    kind: 'attack',
    line,
    norm: track.norm,
    epsilon: track.epsilon,
    seed,
    chunk: start / suite.chunk,
    examples: chosen.slice(start, Math.min(start + suite.chunk, line.examples ?? chosen.length)),
    meets: null,
    keep: keepAll ? 'all' : start < suite.evidence.limit ? 'evidence' : 'none',
  });
  const starts = Array.from({ length: Math.ceil(chosen.length / suite.chunk) }, (_, i) => i * suite.chunk);
  const met = (line: SuiteAttack, start: number) => start < (line.examples ?? chosen.length);
  if (suite.cascade) {
    return starts.map((start) => lines.filter((line) => met(line, start)).map((line) => taskOf(line, start)));
  }
  return lines.flatMap((line) => starts.filter((start) => met(line, start)).map((start) => [taskOf(line, start)]));
}

/** The chains that are a shard's. */
export function shardOf(chains: readonly Chain[], { index, count }: Shard): Chain[] {
  return chains.filter((_, i) => i % count === index);
}

/** Runs a shard's part of the attack tasks, for the workers to remember. @returns how many there were */
export async function runShard(evaluation: Evaluation, workers: Pick<Workers, 'run'>, shard: Shard): Promise<number> {
  const { predictions } = await scan(evaluation, workers);
  const own = shardOf(attackChains(evaluation, selectExamples(evaluation, predictions)), shard);
  const done = await Promise.all(own.map((chain) => runChain(chain, evaluation, workers, predictions)));
  return done.flat().length;
}

/**
 * Runs every attack task and joins the chunks of each line.
 * @param predictions predicted class of each scanned example
 * @param chosen positions of the examples to attack
 */
export async function attackAll(
  evaluation: Evaluation,
  workers: Pick<Workers, 'run'>,
  predictions: Int32Array,
  chosen: Int32Array,
  keepAll = false,
): Promise<LineRun[]> {
  const chains = attackChains(evaluation, chosen, keepAll);
  const done = (await Promise.all(chains.map((chain) => runChain(chain, evaluation, workers, predictions)))).flat();
  const tasks = chains.flat();
  return evaluation.suite.lines.map((line) =>
    joinChunks(
      line,
      done.filter((_, i) => tasks[i]?.line === line),
      chosen.length,
    ),
  );
}

/** Does the tasks of a chain in their order; in a cascade each meets what those before it left standing. */
async function runChain(
  chain: Chain,
  { suite: { suite }, examples: { y } }: Evaluation,
  workers: Pick<Workers, 'run'>,
  predictions: Int32Array,
): Promise<AttackTaskOutcome[]> {
  const done: AttackTaskOutcome[] = [];
  for (const task of chain) {
    const stands = (example: number, position: number) =>
      predictions[example] === y[example] && !done.some((earlier) => reached(earlier, position, outcome.broken));
    const standing = () => Int32Array.from(task.examples.keys()).filter((i) => stands(task.examples[i] as number, i));
    done.push(await workers.run(suite.cascade ? { ...task, meets: standing() } : task));
  }
  return done;
}

/** @param examples how many the suite attacks; those beyond the last chunk held */
function joinChunks(line: LineOutcomes['line'], chunks: readonly AttackTaskOutcome[], examples: number): LineRun {
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
  const rowsPerExample = chunks[0]?.rowsPerExample ?? 1;
  const unmet = new Array<number>(examples * rowsPerExample - rows).fill(0);
  return {
    line,
    outcomes: {
      line,
      rowsPerExample,
      code: Uint8Array.from([...chunks.flatMap((c) => [...c.code]), ...unmet]),
      distance: Float64Array.from([...chunks.flatMap((c) => [...c.distance]), ...unmet]),
      trackDistance: Float64Array.from([...chunks.flatMap((c) => [...c.trackDistance]), ...unmet]),
    },
    images,
    nonFinite: sum((c) => c.nonFinite),
    rejected: sum((c) => c.rejected),
    lost: sum((c) => c.lost),
    zeroGradientShare: gradientCalls === 0 ? null : zeroGradients / gradientCalls,
    forwardCalls: sum((c) => c.forwardCalls),
    gradientCalls,
    seconds: sum((c) => c.seconds),
  };
}
