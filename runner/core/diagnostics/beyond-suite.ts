import type { Reading } from './probes/probe.ts';

/** Share of the examples by which a number that has converged may still fall, and how many they may always be; ours. */
const THRESHOLD = 0.01;
const FEW = 1;

/**
 * Share of a probe's examples that it broke and no line of the suite did.
 * @param reading with `examples` and `broken`; undefined when the suite does not list the probe
 * @returns null when they are too few to say anything
 */
export function beyondSuite(reading: Reading | undefined): number | null {
  const { examples = 0, broken = 0 } = reading ?? {};
  const share = broken / Math.max(1, examples);
  return share > THRESHOLD && broken > FEW ? share : null;
}
