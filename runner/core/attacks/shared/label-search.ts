/**
 * Attacks that see nothing but decisions, one example at a time.
 *
 * Such an attack is a generator: it yields images of one example and is told of each whether it is adversarial. What is here
 * runs the generators of a whole batch side by side, asks for all of them in common forward passes, counts, and keeps the
 * nearest adversarial image of each. So an example's search cannot depend on any other's, no attack can ask more than it may,
 * and none can return an image that it has not seen succeed.
 */
import * as tf from '@tensorflow/tfjs';
import type { AttackContext } from '../attack.ts';
import { type Draws, drawsOf } from './draws.ts';
import { findings } from './findings.ts';
import { distanceFrom, type LabelNorm, towards } from './towards.ts';

/**
 * Yields images of one example, [count × size] with pixels in [0, 1] and at most `SLICE` of them; receives 1 for each that is
 * adversarial, else 0. The array may be written anew once the answer has come.
 */
export type Asking<Result> = Generator<Float32Array, Result, Uint8Array>;

/** Images that a search may ask about at once. */
export const SLICE = 64;
/** Images of several searches per forward pass. */
const FORWARD_BATCH = 256;
/**
 * Share of its distance by which an image found is moved on at the end. A search ends at the boundary itself, where another
 * batch shape or backend rounds to the other side, and labels do not tell how far beyond it an image is.
 */
const CLEARANCE = 1e-4;

/** One example, as its search sees it. */
export interface Searched {
  /** The clean image, [size]. */
  readonly x: Float32Array;
  readonly shape: readonly [height: number, width: number, channels: number];
  readonly norm: LabelNorm;
  /** Radius of the ball; Infinity for none. */
  readonly epsilon: number;
  readonly draws: Draws;
  /** How many more images may be asked about; a search that has none left is closed. */
  left(): number;
}

/** What a search may spend, and what it is for. */
export interface LabelBudget {
  /** Images that may be asked about, of each example. */
  readonly queries: number;
  /** Whether the distance is to be small; then the last query goes to an image a little past the boundary. */
  readonly minimal: boolean;
}

/**
 * Runs a search for each example of the batch.
 * @returns the nearest adversarial image of each example, the clean one where there was none; the caller disposes of it
 */
export async function searchByLabels(
  context: AttackContext,
  { queries, minimal }: LabelBudget,
  search: (searched: Searched) => Asking<void>,
): Promise<tf.Tensor4D> {
  const found = await findings(context.x);
  const runs = await begin(context, minimal ? queries - 1 : queries, search);
  for (let open = runs.filter(advance); open.length > 0; open = open.filter(advance)) await ask(context, open);
  const successes = runs.filter((run) => run.nearest !== null);
  if (minimal) {
    for (const run of successes) run.waiting = cleared(run);
    await ask(context, successes);
    for (const run of successes) if (run.answer?.[0] === 1) run.nearest = run.waiting;
  }
  for (const { row, nearest } of successes) found.store(row, nearest as Float32Array);
  return found.toTensor();
}

/** A search and where it stands. */
interface Run {
  readonly row: number;
  readonly searched: Searched;
  readonly steps: Asking<void>;
  asked: number;
  /** Images that wait for an answer, and the answer to the last ones. */
  waiting: Float32Array;
  answer: Uint8Array | null;
  /** The nearest adversarial image of all that were asked about, and its distance. */
  nearest: Float32Array | null;
  distance: number;
}

async function begin(
  { x, norm, epsilon, random, examples }: AttackContext,
  queries: number,
  search: (searched: Searched) => Asking<void>,
): Promise<Run[]> {
  const [rows, ...shape] = x.shape;
  const images = await x.data<'float32'>();
  const size = images.length / rows;
  return Array.from({ length: rows }, (_, row) => {
    const searched: Searched = {
      x: images.slice(row * size, (row + 1) * size),
      shape,
      norm: norm as LabelNorm,
      epsilon,
      draws: drawsOf(random, examples[row] as number, size),
      left: () => queries - run.asked,
    };
    const run: Run = {
      row,
      searched,
      steps: search(searched),
      asked: 0,
      waiting: new Float32Array(),
      answer: null,
      nearest: null,
      distance: Number.POSITIVE_INFINITY,
    };
    return run;
  });
}

/** Hands a search its answer and takes its next images. @returns whether there are any */
function advance(run: Run): boolean {
  const left = run.searched.left();
  const next = left > 0 ? (run.answer === null ? run.steps.next() : run.steps.next(run.answer)) : null;
  if (next === null || next.done === true) return false;
  run.waiting = next.value.subarray(0, left * run.searched.x.length);
  return run.waiting.length > 0;
}

/** Answers what waits, in forward passes of bounded size. */
async function ask(context: AttackContext, runs: readonly Run[]) {
  const counts = runs.map(({ waiting, searched }) => waiting.length / searched.x.length);
  for (let first = 0; first < runs.length; ) {
    let end = first + 1;
    let total = counts[first] as number;
    while (end < runs.length && total + (counts[end] as number) <= FORWARD_BATCH) total += counts[end++] as number;
    const group = runs.slice(first, end);
    const decisions = await decide(context, group, total);
    let at = 0;
    for (const [i, run] of group.entries()) {
      const count = counts[first + i] as number;
      run.answer = decisions.slice(at, at + count);
      at += count;
      record(run);
    }
    first = end;
    await context.pause();
  }
}

/** One forward pass over the waiting images of several searches. @returns 1 for each that is adversarial, else 0 */
async function decide({ model, adversarial }: AttackContext, runs: readonly Run[], total: number): Promise<Uint8Array> {
  const [height, width, channels] = model.inputShape;
  const size = height * width * channels;
  const values = new Float32Array(total * size);
  const rows = new Int32Array(total);
  let at = 0;
  for (const { row, waiting } of runs) {
    values.set(waiting, at * size);
    const end = at + waiting.length / size;
    rows.fill(row, at, end);
    at = end;
  }
  const images = tf.tensor4d(values, [total, height, width, channels]);
  const logits = model.logits(images);
  const decisions = adversarial(await logits.data<'float32'>(), rows);
  tf.dispose([images, logits]);
  return decisions;
}

/** Counts what was asked, and keeps the nearest of what was adversarial. */
function record(run: Run) {
  const { waiting, answer, searched } = run;
  const size = searched.x.length;
  for (const [i, adversarial] of (answer as Uint8Array).entries()) {
    run.asked++;
    if (adversarial === 0) continue;
    const image = waiting.subarray(i * size, (i + 1) * size);
    const distance = distanceFrom(searched.x, image, searched.norm);
    if (!(distance < run.distance)) continue;
    run.nearest = image.slice();
    run.distance = distance;
  }
}

/** The nearest image, moved away from x by `CLEARANCE`; not out of a ball that it is in. */
function cleared({ searched, nearest, distance }: Run): Float32Array {
  const { x, norm, epsilon } = searched;
  const room = distance <= epsilon ? epsilon / distance - 1 : Number.POSITIVE_INFINITY;
  return towards(x, nearest as Float32Array, norm, 1 + Math.min(CLEARANCE, room));
}
