import { attacks } from '#core/attacks/index.ts';
import { ParapetError } from '#core/errors.ts';
import type { Comparison, Tool } from './comparison.ts';
import type { PeerEnvironment } from './install.ts';
import { type Judged, judge } from './judged.ts';
import type { Net, Rows } from './nets.ts';
import { type Answer, runTask, type Task } from './task.ts';

/** What is compared, once the tool is named. */
export interface Setting {
  readonly net: Net;
  readonly rows: Rows;
  /** The rows as a file. */
  readonly images: string;
  readonly comparison: Comparison;
  readonly parameters: Comparison['parameters'];
  /** null for a search at any distance. */
  readonly epsilon: number | null;
  readonly threads: number;
  readonly seed: number;
  readonly flushDenormals: boolean;
  /** Folder for files. */
  readonly scratch: string;
  /** Seconds that a tool may take. */
  readonly limit: number;
}

export type Run =
  | { readonly tool: Task['tool']; readonly state: 'done'; readonly answer: Answer; readonly judged: Judged }
  | { readonly tool: Task['tool']; readonly state: 'failed' | 'missing'; readonly problem: string };

/** Largest difference of two tools' logits of the same images, as a share of the largest logit, that is still rounding. */
const SAME_NET = 1e-5;

/** Runs one tool and judges it; a tool that fails is part of the answer, not an error. */
export async function measure(setting: Setting, tool: Task['tool'], environment: PeerEnvironment): Promise<Run> {
  const missing = tool === 'parapet' ? missingAttacks(setting.comparison) : [];
  if (missing.length > 0) return { tool, state: 'missing', problem: `no attack ${missing.join(', ')} yet` };
  try {
    const outcome = await runTask(taskOf(setting, tool), environment, setting.limit);
    if ('failed' in outcome) return { tool, state: 'failed', problem: outcome.failed };
    return { tool, state: 'done', answer: outcome, judged: judgeRun(setting, tool, outcome) };
  } catch (error) {
    if (!(error instanceof ParapetError)) throw error;
    return { tool, state: 'failed', problem: error.message };
  }
}

export function taskOf(setting: Setting, tool: Task['tool']): Task {
  const { net, comparison, parameters, epsilon, images, threads, seed, flushDenormals, scratch } = setting;
  const { architecture, inputShape, classes, weights } = net;
  const { norm, search: attack, id } = comparison;
  const lines = comparison.ours(parameters, epsilon ?? Number.NaN);
  const out = `${scratch}/${[id, net.id, epsilon ?? 'any', tool].join('-')}.safetensors`;
  const what = {
    tool,
    attack,
    lines,
    parameters,
    norm,
    epsilon,
    architecture,
    inputShape,
    classes,
    threads,
    seed,
    flushDenormals,
  };
  return { ...what, weights, images, out };
}

export function judgeRun({ rows, net, comparison, epsilon }: Setting, tool: Task['tool'], answer: Answer): Judged {
  const { classes } = net;
  return judge(rows, answer, { classes, norm: comparison.norm, epsilon, peer: tool !== 'parapet' });
}

/** Attacks of ours that a comparison needs and that are not there, or not in its norm. */
export function missingAttacks({ ours, parameters, norm }: Comparison): string[] {
  return ours(parameters, 1).flatMap(({ attack: id }) => {
    const found = attacks.find((attack) => attack.id === id);
    return found?.norms.includes(norm) ? [] : [found === undefined ? id : `${id} in ${norm}`];
  });
}

/** The tools of a comparison, ours first. */
export function toolsOf({ peers }: Comparison): Task['tool'][] {
  return ['parapet', ...(Object.keys(peers) as Tool[])];
}

/**
 * Largest difference between the logits of the clean images that two tools compute, over the largest logit.
 * @throws ParapetError 'integrity' when that is more than rounding: they are then not attacking the same net
 */
export function requireSameNet(ours: Answer, theirs: Answer, tool: string): number {
  let difference = 0;
  let largest = 0;
  for (const [i, logit] of ours.cleanLogits.entries()) {
    difference = Math.max(difference, Math.abs(logit - (theirs.cleanLogits[i] as number)));
    largest = Math.max(largest, Math.abs(logit));
  }
  if (difference <= SAME_NET * largest) return difference;
  throw new ParapetError('integrity', `${tool} has another net: logits differ by ${difference} of ${largest}`);
}
