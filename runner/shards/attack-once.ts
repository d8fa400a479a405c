import type { Scanned } from '#core/evaluation/confirm.ts';
import { attackAll, type LineRun, scan, selectExamples } from '#core/evaluation/phases.ts';
import { wrongClass } from '#core/evaluation/targets.ts';
import { nearestDistances } from '#core/evidence/nearest.ts';
import type { ExternalExamples } from '#core/external/examples.ts';
import { outcome, rightAtFirst } from '#core/metrics/outcomes.ts';
import { type LineNumbers, recount } from '#core/metrics/recount.ts';
import { encodeSafetensors } from '#core/models/safetensors.ts';
import type { Proportion } from '#core/result.ts';
import type { Suite, SuiteAttack } from '#core/suites/suite.ts';
import type { Track } from '#core/tracks.ts';
import { codeIdentity } from '../files/code.ts';
import { taskCost } from './cost.ts';
import { expectedChains, prepare } from './prepare.ts';
import { type SessionOptions, withSession } from './session.ts';

const CHUNK = 50;

export interface AttackRequest {
  /** Folder of a submission. */
  readonly folder: string;
  readonly track: Track;
  readonly line: SuiteAttack;
  readonly count: number;
  readonly seed: number;
  /** Where the line's surrogates lie, by id. */
  readonly surrogateFolders?: Readonly<Record<string, string>>;
}

export interface Attacked extends LineNumbers {
  readonly submission: string;
  readonly track: string;
  readonly attack: string;
  readonly options: SuiteAttack['options'];
  readonly targets: SuiteAttack['targets'];
  /** Ids of the submissions that a transfer attack crafted on. */
  readonly surrogates?: readonly string[];
  readonly seed: number;
  readonly cleanAccuracy: Proportion;
  readonly seconds: number;
  readonly forwardCalls: number;
  readonly gradientCalls: number;
}

/**
 * Runs one attack on the first examples of a track. Nothing is confirmed or kept: this is for looking, not for publishing.
 * @returns the numbers; every image as safetensors: `xAdv` [rows, size], `example`, `y`, `success`, `distance` [rows],
 *   and `target` [rows] where every wrong class has a row; and the examples that were broken within the track's ball, as
 *   an external evaluation hands them in
 */
export async function attackOnce(
  { line, count, ...request }: AttackRequest,
  options: SessionOptions,
): Promise<{ numbers: Attacked; images: Uint8Array; broken: ExternalExamples }> {
  const { track, seed } = request;
  const suite: Suite = {
    id: 'attack',
    title: 'One attack',
    description: '',
    attacks: { [track.id]: [line] },
    examples: { count, which: 'first' },
    chunk: CHUNK,
    evidence: { images: 'examples', limit: 0 },
  };
  const code = await codeIdentity();
  return withSession(options, async ({ pool, tally }, report) => {
    const { evaluation, job } = await prepare({ ...request, suite }, report, code, options.signal);
    tally.plan(expectedChains(evaluation).flat());
    const run: Parameters<typeof scan>[1]['run'] = async (task) => {
      const outcome = await pool.run(job, task, [0, -taskCost(task)], (progress) => tally.within(task, progress));
      tally.done(task, 'seconds' in outcome ? outcome.seconds : null);
      return outcome;
    };
    const { predictions } = await scan(evaluation, { run });
    const { y, x, count: total } = evaluation.examples;
    const scanned = { examples: selectExamples(evaluation, predictions), predictions, y };
    const [done] = (await attackAll(evaluation, { run }, scanned.predictions, scanned.examples, true)) as [LineRun];
    const lines = [done.outcomes];
    const nearest = nearestDistances(rightAtFirst(scanned), lines, [], () => x, track, 0);
    const counted = recount({ ...scanned, lines, nearest }, { track, suite: {} });
    const { forwardCalls, gradientCalls, seconds, line: resolved } = done;
    const numbers: Attacked = {
      submission: evaluation.submission.id,
      track: track.id,
      attack: resolved.attack,
      options: resolved.options,
      targets: resolved.targets,
      ...(resolved.surrogates === undefined ? {} : { surrogates: resolved.surrogates }),
      seed,
      cleanAccuracy: counted.cleanAccuracy,
      ...(counted.lines[0] as LineNumbers),
      seconds,
      forwardCalls,
      gradientCalls,
    };
    return {
      numbers,
      images: imagesOf(done, scanned, x.length / total, report.name),
      broken: brokenOf(done, scanned, x.length / total),
    };
  });
}

function imagesOf(
  { outcomes: { rowsPerExample, code, distance, line }, images }: LineRun,
  { examples, y }: { examples: Int32Array; y: Int32Array },
  size: number,
  backend: string,
): Uint8Array {
  const rows = Int32Array.from(code.keys());
  const example = rows.map((row) => examples[Math.floor(row / rowsPerExample)] as number);
  const labels = example.map((position) => y[position] as number);
  const all = new Float32Array(rows.length * size);
  for (const [row, pixels] of images) all.set(pixels, row * size);
  const shape = [rows.length];
  const tensors = {
    xAdv: { shape: [rows.length, size], data: all },
    example: { shape, data: example },
    y: { shape, data: labels },
    success: { shape, data: code.map((c) => Math.min(1, c)) },
    distance: { shape, data: distance },
  };
  // Which class a row had to reach follows from its rank only where every wrong class has a row.
  const target = rows.map((row, i) => wrongClass(labels[i] as number, row % rowsPerExample));
  const withTarget = line.targets === 'all' ? { ...tensors, target: { shape, data: target } } : tensors;
  return encodeSafetensors(withTarget, { attack: line.attack, backend });
}

/** Of each example that was right at first and that fell within the track's ball, the nearest image. */
function brokenOf(
  { outcomes: { rowsPerExample, code, trackDistance }, images }: LineRun,
  scanned: Scanned,
  size: number,
): ExternalExamples {
  const right = rightAtFirst(scanned);
  const nearest = Array.from(scanned.examples.keys()).flatMap((i) => {
    const rows = Array.from({ length: rowsPerExample }, (_, r) => i * rowsPerExample + r);
    const broken = rows.filter((row) => right[i] && code[row] === outcome.broken && images.has(row));
    const [row] = broken.sort((a, b) => (trackDistance[a] as number) - (trackDistance[b] as number));
    return row === undefined ? [] : [{ position: scanned.examples[i] as number, row }];
  });
  const x = new Float32Array(nearest.length * size);
  nearest.forEach(({ row }, i) => {
    x.set(images.get(row) as Float32Array, i * size);
  });
  return { index: Int32Array.from(nearest, ({ position }) => position), x };
}
