import { imageSize, takeRows } from './batches.ts';
import type { Probe, ProbeContext } from './probe.ts';
import { count } from './run-line.ts';
import {
  brokenBy,
  EPOCHS,
  type UniversalPerturbation,
  universalLosses,
  universalPerturbation,
} from './universal-perturbation.ts';

/**
 * Looks for one change that breaks many images at once, on every second image by two losses, and tries the better one on all.
 *
 * `seen` and `unseen`: the share that it breaks of those that it was looked for on, and of the others. `broken`: how many of all
 * `examples` it breaks that no line of the suite broke; there each of the lines had its own change to find, in the same ball. L∞ and L2.
 *
 * Sources: Moosavi-Dezfooli et al., "Universal adversarial perturbations", CVPR 2017, https://arxiv.org/abs/1610.08401; Shafahi et al.,
 * "Universal Adversarial Training", AAAI 2020, https://arxiv.org/abs/1811.11304.
 */
export const universal: Probe = {
  id: 'universal',
  examples: 100,
  cost: { passes: universalLosses.length * EPOCHS, lineRuns: 0 },
  async measure(context) {
    const { y, standing, norm } = context;
    if (y.length < 2 || (norm !== 'Linf' && norm !== 'L2')) return null;
    const all = { ...context, norm };
    const seen = some(context, 0);
    const unseen = some(context, 1);
    let best: UniversalPerturbation | null = null;
    for (const loss of universalLosses) {
      const found = await universalPerturbation({ ...all, ...seen, loss });
      if (best === null || found.broken > best.broken) best = found;
    }
    const { delta, broken } = best as UniversalPerturbation;
    const fallen = await brokenBy(all, delta);
    const others = await brokenBy({ ...all, ...unseen }, delta);
    return {
      examples: y.length,
      seen: broken / seen.y.length,
      unseen: count(others) / unseen.y.length,
      broken: count(fallen.map((flag, row) => flag & (standing[row] as number))),
    };
  },
};

/** Every second example. */
function some({ classifier, x, y }: ProbeContext, parity: number): Pick<ProbeContext, 'x' | 'y'> {
  const rows = [...y.keys()].filter((row) => row % 2 === parity);
  return { x: takeRows(x, rows, imageSize(classifier)), y: Int32Array.from(rows, (row) => y[row] as number) };
}
