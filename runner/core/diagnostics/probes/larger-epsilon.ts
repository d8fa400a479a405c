import type { Norm } from '../../projections.ts';
import { imageSize } from './batches.ts';
import type { Probe } from './probe.ts';
import { count, runLine } from './run-line.ts';

/**
 * Runs the strongest line in balls of ε, 2ε, 4ε and of all images there are.
 *
 * `once`, `twice`, `fourfold`, `unbounded`: the share of examples that stand. The last must be 0: every image of another class is in
 * that ball.
 *
 * Sources: Carlini et al., "On Evaluating Adversarial Robustness", 2019, https://arxiv.org/abs/1902.06705, checklist: a larger bound makes
 * attacks stronger, and without one they reach 100 %; Pintor et al., "Indicators of Attack Failure", NeurIPS 2022,
 * https://arxiv.org/abs/2106.09947, I6.
 */
export const largerEpsilon: Probe = {
  id: 'larger-epsilon',
  examples: 50,
  cost: { passes: 0, lineRuns: 4 },
  async measure(context) {
    const { line, y, norm, epsilon, classifier } = context;
    if (line === null || y.length === 0) return null;
    const limit = widest(norm, imageSize(classifier));
    const rows = [...y.keys()];
    const stands = async (radius: number) => {
      const within = Math.min(radius, limit);
      // An attack that counts features must not stop at those of the smaller ball.
      const { maxFeatures } = line.options;
      const options: Record<string, number> =
        typeof maxFeatures === 'number' ? { maxFeatures: Math.max(maxFeatures, Math.floor(within)) } : {};
      return 1 - count(await runLine(context, line, rows, { epsilon: within, options })) / rows.length;
    };
    return {
      examples: rows.length,
      once: await stands(epsilon),
      twice: await stands(2 * epsilon),
      fourfold: await stands(4 * epsilon),
      unbounded: await stands(limit),
    };
  },
};

/** Largest distance between two images. */
function widest(norm: Norm, size: number): number {
  if (norm === 'Linf') return 1;
  return norm === 'L2' ? Math.sqrt(size) : size;
}
