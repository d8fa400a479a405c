import { ParapetError } from '#core/errors.ts';
import type { Bench } from '#core/evaluation/perform.ts';
import type { Classifier } from '#core/models/classifier.ts';
import { openSent, withoutReferences } from '#core/models/sent-model.ts';
import { loadOwnAttack } from '../files/own-attack.ts';
import type { Models } from './messages.ts';

/**
 * Loads what tasks are done on.
 * @throws ParapetError 'submission' when a model cannot be read; 'integrity' when the file of an attack changed meanwhile
 */
export async function openBench({
  model,
  surrogates,
  attackFile,
}: Models): Promise<Pick<Bench, 'classifier' | 'surrogates' | 'sent'>> {
  if (attackFile !== undefined) {
    const { file } = await loadOwnAttack(attackFile.path);
    if (file.sha256 !== attackFile.sha256) {
      throw new ParapetError(
        'integrity',
        `${file.path} changed while it was being evaluated`,
        'leave the files alone and run again',
      );
    }
  }
  const named: Record<string, Classifier> = {};
  for (const [id, surrogate] of Object.entries(surrogates)) named[id] = await openSent(surrogate);
  return { classifier: await openSent(model), surrogates: named, sent: withoutReferences(model) };
}
