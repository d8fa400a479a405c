import type { Bench } from '#core/evaluation/perform.ts';
import { loadClassifier } from '#core/models/index.ts';
import type { Models, SentModel } from './messages.ts';

/**
 * Loads what tasks are done on; this is where the bytes of a submitted model are read for the first time, within the sandbox.
 * @throws ParapetError 'submission' when they do not fit
 */
export function openBench({ model, surrogates }: Models): Pick<Bench, 'classifier' | 'surrogates'> {
  const load = ({ architecture, weights }: SentModel) => loadClassifier(architecture, weights);
  const named = Object.entries(surrogates).map(([id, surrogate]) => [id, load(surrogate)] as const);
  return { classifier: load(model), surrogates: Object.fromEntries(named) };
}
