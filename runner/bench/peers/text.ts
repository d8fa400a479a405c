import { table } from '../../cli/output.ts';
import type { Comparison } from './comparison.ts';
import type { Run } from './measure.ts';

/** A comparison on a net, with what each tool did; ours is the first. */
export interface Compared {
  readonly net: string;
  readonly comparison: Comparison;
  readonly epsilon: number | null;
  readonly rows: number;
  readonly runs: readonly Run[];
}

type Done = Extract<Run, { state: 'done' }>;

const isDone = (run: Run | undefined): run is Done => run?.state === 'done';
const number = (value: number, digits = 3): string => String(Number(value.toPrecision(digits)));

/** Peers that do the whole search. */
function fullPeers({ comparison, runs }: Compared): Done[] {
  return runs.filter(isDone).filter(({ tool }) => tool !== 'parapet' && comparison.peers[tool] === null);
}

/** Seconds of the fastest full peer over ours, by the clock; null where one of them is missing. */
export function ratioOf(compared: Compared): number | null {
  const ours = compared.runs.find(({ tool }) => tool === 'parapet');
  const fastest = Math.min(...fullPeers(compared).map(({ answer }) => answer.seconds));
  return isDone(ours) && Number.isFinite(fastest) ? fastest / ours.answer.seconds : null;
}

export function geometricMean(values: readonly number[]): number | null {
  return values.length === 0 ? null : Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);
}

/** Robust accuracy, or the median distance of a search for the nearest. */
function strength({ comparison: { kind } }: Compared, { judged }: Done): string {
  if (kind !== 'minimum-norm') return `${number(100 * judged.robustAccuracy.value)} %`;
  return judged.medianDistance === null ? 'most fail' : number(judged.medianDistance, 4);
}

/** All comparisons on one net as a table, for a person. */
export function describe(all: readonly Compared[]): string {
  const header = ['search', 'tool', 'seconds', 'cores', 'result', 'forward', 'gradients', 'memory', 'against ours'];
  const rows = all.flatMap((compared) => compared.runs.map((run, i) => line(compared, run, i === 0)));
  return table(header, rows, [2, 3, 4, 5, 6, 7, 8]);
}

function line(compared: Compared, run: Run, first: boolean): string[] {
  const { comparison, epsilon, rows, runs } = compared;
  const name = first ? `${comparison.id}${epsilon === null ? '' : ` ε ${number(epsilon)}`}` : '';
  if (!isDone(run)) return [name, run.tool, '', '', '', '', '', '', `${run.state}: ${run.problem}`];
  const { seconds, cpuSeconds, forwardCalls, gradientCalls, memoryBytes } = run.answer;
  const ours = runs[0];
  const remark = run.tool === 'parapet' ? null : comparison.peers[run.tool];
  const outside = run.judged.outside > 0 ? `, ${run.judged.outside} outside` : '';
  const ratio = isDone(ours) && run !== ours ? `×${number(seconds / ours.answer.seconds)}` : '';
  return [
    name,
    run.tool,
    number(seconds),
    number(cpuSeconds),
    strength(compared, run) + outside,
    number(forwardCalls / rows, 4),
    number(gradientCalls / rows, 4),
    `${Math.round(memoryBytes / 1e6)} MB`,
    ratio + (remark ? ` (${remark})` : ''),
  ];
}
