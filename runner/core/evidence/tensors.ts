import { ParapetError } from '../errors.ts';
import { decodeSafetensors, type StoredTensor } from '../models/safetensors.ts';

/**
 * The tensors of an evidence file, of whatever kind of result.
 * @throws ParapetError 'integrity' when the file is damaged
 */
export function evidenceTensors(bytes: Uint8Array): ReadonlyMap<string, StoredTensor> {
  try {
    return decodeSafetensors(bytes).tensors;
  } catch (error) {
    if (error instanceof ParapetError) throw damagedEvidence(error.message);
    throw error;
  }
}

export function damagedEvidence(what: string): ParapetError {
  return new ParapetError('integrity', `evidence: ${what}`, 'the file was damaged or altered; evaluate again');
}
