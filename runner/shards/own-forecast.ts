import { findAttack } from '#core/attacks/index.ts';
import type { Evaluation } from '#core/evaluate.ts';
import { scanLength } from '#core/evaluation/phases.ts';
import type { AttackTask } from '#core/evaluation/tasks.ts';
import { untargeted } from '#core/suites/lines.ts';
import { lineCost, taskCost } from './cost.ts';
import { expectedProbes, type Prepared } from './prepare.ts';
import type { Session } from './run.ts';

/** How fast a model is here. Seconds of one worker, per image. */
export interface Pace {
  readonly forward: number;
  /** One forward and one backward pass. */
  readonly gradient: number;
  /** One forward pass on the backend that confirms. */
  readonly confirm: number;
  readonly workers: number;
}

/** What an evaluation takes at most, should no image fall before the budget of every attack is spent. */
export interface Expected {
  readonly examples: number;
  readonly gradients: number;
  /** Besides those of the gradients. */
  readonly forwardPasses: number;
  readonly seconds: number;
}

/** Images that the pace is measured on; steps of the attack that measures it. */
const SAMPLE = 16;
const STEPS = 2;

/** Measures the pace of a model on its first images, in a second or a few. */
export async function measurePace({ evaluation, job }: Prepared, { pool, confirming }: Session): Promise<Pace> {
  const { suite, seed, examples: all } = evaluation;
  const count = Math.min(SAMPLE, scanLength(evaluation), suite.suite.chunk);
  const clean = { kind: 'clean', start: 0, count } as const;
  await pool.run(job, clean, [0, 0]);
  const started = performance.now();
  await pool.run(job, clean, [0, 0]);
  const forward = (performance.now() - started) / 1000 / count;
  const task: AttackTask = {
    kind: 'attack',
    // In so small a ball nothing falls, so every step is taken.
    line: untargeted('pace', 'pgd', { steps: STEPS, randomStart: false }),
    norm: 'Linf',
    epsilon: 1e-6,
    seed,
    chunk: 0,
    examples: Int32Array.from({ length: count }, (_, i) => i),
    meets: null,
    keep: 'none',
  };
  const { seconds, forwardCalls, gradientCalls } = await pool.run(job, task, [0, 0]);
  const steps =
    gradientCalls === 0 ? 3 * forward : (seconds - (forwardCalls - gradientCalls) * forward) / gradientCalls;
  const size = all.x.length / all.count;
  const predict = { kind: 'predict', x: all.x.slice(0, size) } as const;
  const other = await confirming.pool();
  await other.run(job, predict, [0, 0]);
  const asked = performance.now();
  await other.run(job, predict, [0, 0]);
  const confirm = (performance.now() - asked) / 1000;
  return { forward, gradient: Math.max(steps, forward), confirm, workers: pool.size };
}

/** @param count so many examples */
export function expectedOf(evaluation: Evaluation, count: number, pace: Pace): Expected {
  const { suite, classes } = evaluation;
  let [gradients, forwardPasses] = [0, scanLength({ ...evaluation, count })];
  for (const line of suite.lines) {
    const most = lineCost(line, classes) * Math.min(count, line.examples ?? count);
    const { access } = findAttack(line.attack);
    if (access === 'gradient' || access === 'transfer') gradients += most;
    else forwardPasses += 3 * most;
  }
  for (const probe of expectedProbes({ ...evaluation, count })) gradients += taskCost(probe);
  const chunks = Math.ceil(count / suite.suite.chunk) * suite.lines.length;
  const workers = Math.min(pace.workers, chunks);
  const attacking = gradients * pace.gradient + forwardPasses * pace.forward;
  const seconds = (attacking + count * pace.confirm) / workers;
  return { examples: count, gradients: Math.ceil(gradients), forwardPasses: Math.ceil(forwardPasses), seconds };
}

/** @returns how many examples fit into so many seconds, whatever the attacks need; 0 when not even one does */
export function fitting(evaluation: Evaluation, most: number, pace: Pace, seconds: number): number {
  let [fits, tooMany] = [0, most + 1];
  while (tooMany - fits > 1) {
    const middle = Math.floor((fits + tooMany) / 2);
    if (expectedOf(evaluation, middle, pace).seconds <= seconds) fits = middle;
    else tooMany = middle;
  }
  return fits;
}
