import type { Probe } from './probe.ts';
import { count, runLine, standingRows } from './run-line.ts';

/**
 * Runs the strongest line once more, with other draws, on the examples that no line broke: as many restarts again.
 *
 * `broken`: how many it breaks now, of all `examples`. An attack that draws nothing breaks none.
 *
 * Source: Carlini et al., "On Evaluating Adversarial Robustness", 2019, https://arxiv.org/abs/1902.06705, checklist: more random restarts
 * should change nothing.
 */
export const moreRestarts: Probe = {
  id: 'more-restarts',
  examples: 100,
  cost: { passes: 0, lineRuns: 1 },
  async measure(context) {
    const { line, y } = context;
    if (line === null || y.length === 0) return null;
    const rows = standingRows(context);
    const broken = count(await runLine(context, line, rows, { stream: `${line.id}/once-more` }));
    return { examples: y.length, standing: rows.length, broken };
  },
};
