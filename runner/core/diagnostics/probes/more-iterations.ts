import { findAttack } from '../../attacks/index.ts';
import type { SuiteAttack } from '../../suites/suite.ts';
import type { Probe } from './probe.ts';
import { count, runLine, standingRows } from './run-line.ts';

/** What attacks call the number of their iterations. */
const NAMES = ['steps', 'iterations', 'maxIterations'] as const;

/**
 * Gives the strongest line twice its iterations on the examples that no line broke.
 *
 * `broken`: how many it breaks now, of all `examples`.
 *
 * Source: Carlini et al., "On Evaluating Adversarial Robustness", 2019, https://arxiv.org/abs/1902.06705, checklist: doubling the iterations
 * should change nothing.
 */
export const moreIterations: Probe = {
  id: 'more-iterations',
  examples: 100,
  cost: { passes: 0, lineRuns: 2 },
  async measure(context) {
    const { line, y } = context;
    const options = line === null ? null : doubled(line);
    if (line === null || options === null || y.length === 0) return null;
    const rows = standingRows(context);
    const broken = count(await runLine(context, line, rows, { options }));
    return { examples: y.length, standing: rows.length, broken };
  },
};

/** Options with twice the iterations; null when none is a number of iterations, or the attack takes no more. */
function doubled({ attack, options }: SuiteAttack): SuiteAttack['options'] | null {
  const name = NAMES.find((candidate) => typeof options[candidate] === 'number');
  if (name === undefined) return null;
  const changed = { ...options, [name]: 2 * (options[name] as number) };
  return findAttack(attack).optionsSchema.safeParse(changed).success ? changed : null;
}
