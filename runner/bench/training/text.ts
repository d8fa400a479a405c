import { table } from '../../cli/output.ts';
import type { Measured } from './compare.ts';

/** All that was measured as a table: median milliseconds of a step, and ratios. */
export function describeTraining(all: readonly Measured[]): string {
  const header = ['net', 'step', 'ours', 'PyTorch', 'PyTorch ÷ ours', 'of all cores'];
  const rows = all.map(({ architecture, kind, ours, torch, torchOverOurs, torchOverOursCores }) => [
    architecture,
    kind,
    `${ours.median.toFixed(1)} ms`,
    `${torch.median.toFixed(1)} ms`,
    torchOverOurs.toFixed(2),
    torchOverOursCores.toFixed(2),
  ]);
  return table(header, rows, [2, 3, 4, 5]);
}
