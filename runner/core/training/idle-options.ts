import type { Architecture } from '../models/architecture.ts';
import type { TrainingMethod } from './method.ts';
import type { DescentOptions } from './options.ts';

interface Rule {
  readonly names: readonly string[];
  /** What keeps them from doing anything; null where they do something. */
  readonly reason: string | null;
}

/** What the options of every method need to do anything. */
function rulesOf({ validation, validationEpsilon }: DescentOptions, architectures: readonly Architecture[]): Rule[] {
  const ids = architectures.map(({ id }) => id).join(', ');
  const drops = architectures.some(({ undropped }) => !undropped);
  const decays = architectures.some(({ parameters }) => parameters.some(({ fan }) => fan !== null));
  return [
    { names: ['dropout'], reason: drops ? null : `no unit of ${ids} is ever dropped` },
    { names: ['weightDecay', 'l1'], reason: decays ? null : `no weight of ${ids} is penalised` },
    {
      names: ['validationEpsilon', 'validationSteps', 'patience'],
      reason: validation > 0 ? null : 'validation is 0, where 5000 is usual, so no image is held out to measure by',
    },
    {
      names: ['validationSteps'],
      reason: validationEpsilon > 0 ? null : 'validationEpsilon is 0, so no image that is held out is attacked',
    },
  ];
}

/**
 * Options that a recipe sets although nothing comes of them. Those at 0 are meant to do nothing.
 * @param written the options that the recipe names
 * @param options the same, with the defaults of the rest
 * @param architectures of the nets that learn by it
 * @returns each with the reason
 */
export function idleOptions(
  method: TrainingMethod,
  written: readonly string[],
  options: DescentOptions,
  architectures: readonly Architecture[],
): { readonly name: string; readonly reason: string }[] {
  const { names, beside } = method.idle?.(options) ?? { names: [], beside: '' };
  const rules = [...rulesOf(options, architectures), { names, reason: `it goes with another choice than ${beside}` }];
  return written.flatMap((name) => {
    if (options[name as keyof DescentOptions] === 0) return [];
    const rule = rules.find((one) => one.reason !== null && one.names.includes(name));
    return rule === undefined ? [] : [{ name, reason: rule.reason as string }];
  });
}
