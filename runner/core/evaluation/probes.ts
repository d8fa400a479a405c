import { findAttack } from '../attacks/index.ts';
import type { Observations } from '../diagnostics/diagnostic.ts';
import { findProbe, probesOf } from '../diagnostics/probes/index.ts';
import type { Reading } from '../diagnostics/probes/probe.ts';
import type { Evaluation, Workers } from '../evaluate.ts';
import { type LineOutcomes, outcome, reached } from '../metrics/outcomes.ts';
import type { Numbers } from '../metrics/recount.ts';
import type { ResolvedSuite } from '../suites/resolve.ts';
import type { SuiteAttack } from '../suites/suite.ts';
import type { ProbeTask } from './tasks.ts';

/**
 * Runs the suite's probes, once the attacks are done: they need to know what stands, and which line was the strongest.
 * @param chosen positions of the attacked examples in the data set
 * @param right whether each of them is classified right
 */
export async function probeAll(
  evaluation: Evaluation,
  workers: Pick<Workers, 'run'>,
  chosen: Int32Array,
  right: readonly boolean[],
  lines: readonly LineOutcomes[],
  numbers: Numbers,
): Promise<Observations['probes']> {
  const { suite, seed } = evaluation;
  const { norm, epsilon } = suite.track;
  const line = strongestLine(suite, numbers);
  const candidates = [...chosen.keys()].filter((i) => right[i]);
  const readings: Record<string, Reading> = {};
  const measure = async (id: string) => {
    const positions = candidates.slice(0, findProbe(id).examples);
    const task: ProbeTask = {
      kind: 'probe',
      probe: id,
      line,
      norm,
      epsilon,
      seed,
      examples: Int32Array.from(positions, (i) => chosen[i] as number),
      standing: Uint8Array.from(positions, (i) => (lines.some((one) => reached(one, i, outcome.broken)) ? 0 : 1)),
    };
    const { reading } = await workers.run(task);
    return [id, reading] as const;
  };
  const all = await Promise.all(probesOf(suite.suite).map(measure));
  for (const [id, reading] of all) if (reading !== null) readings[id] = reading;
  return readings;
}

/**
 * Of the lines that search the ball with gradients, on every example, the one that leaves the fewest standing; the first of equals. In a
 * cascade that is the last one that broke anything, where each counts what those before it left too.
 */
export function strongestLine({ lines }: ResolvedSuite, numbers: Numbers): SuiteAttack | null {
  let best: { line: SuiteAttack; left: number } | null = null;
  for (const [i, line] of lines.entries()) {
    if (!searchesBall(line)) continue;
    const left = numbers.lines[i]?.robustAccuracy.value ?? 1;
    if (best === null || left < best.left) best = { line, left };
  }
  return best?.line ?? null;
}

/** Whether the line may be the strongest: it searches the ball with gradients, on every example. */
export function searchesBall({ attack, ball, examples }: SuiteAttack): boolean {
  const { access, kind } = findAttack(attack);
  return access === 'gradient' && kind !== 'unbounded' && ball === 'track' && examples === undefined;
}
