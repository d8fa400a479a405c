/**
 * The evidence file of an external evaluation, as safetensors. For n images that were handed in:
 *   `index`    I32 [n]  position of each in the test set, ascending
 *   `label`    I32 [n]  its true class
 *   `verdict`  U8  [n]  what became of it: its place in the list `verdicts`
 *   `best.*`            the confirmed images; a set of `evidence/images.ts` over [n]
 */
import { ParapetError } from '../errors.ts';
import { decodeImages, type EvidenceImage, encodeImages } from '../evidence/images.ts';
import { type Verdict, verdicts } from '../external-result.ts';
import { decodeSafetensors, encodeSafetensors, type TensorData } from '../models/safetensors.ts';

export interface ExternalEvidence {
  readonly index: Int32Array;
  readonly label: Int32Array;
  readonly verdicts: readonly Verdict[];
  /** Of each confirmed row its image. */
  readonly images: readonly EvidenceImage[];
}

/** @returns the bytes of the file */
export function encodeExternalEvidence({ index, label, verdicts: judged, images }: ExternalEvidence): Uint8Array {
  const shape = [index.length];
  const codes = Uint8Array.from(judged, (verdict) => verdicts.indexOf(verdict));
  const tensors = {
    index: { shape, data: index },
    label: { shape, data: label },
    verdict: { shape, data: codes },
    ...Object.fromEntries(encodeImages('best', images, null)),
  };
  return encodeSafetensors(tensors, { format: 'parapet-external-evidence-1' });
}

/**
 * @param size values per image
 * @throws ParapetError 'integrity' when the file is damaged or its parts do not go together
 */
export function decodeExternalEvidence(bytes: Uint8Array, size: number): ExternalEvidence {
  const tensors = tensorsOf(bytes);
  const read = <T extends TensorData>(name: string, kind: new () => T): T => {
    const data = tensors.get(name)?.data;
    if (data instanceof kind) return data;
    throw damaged(`'${name}' is missing or has another type than the format says`);
  };
  const [index, label, codes] = [read('index', Int32Array), read('label', Int32Array), read('verdict', Uint8Array)];
  if (label.length !== index.length || codes.length !== index.length) {
    throw damaged(`${index.length} indices, ${label.length} labels and ${codes.length} verdicts`);
  }
  if (index.some((position, i) => position <= (index[i - 1] ?? -1))) throw damaged("'index' is not ascending");
  const judged = Array.from(codes, (code) => verdicts[code] ?? fail(`there is no verdict ${code}`));
  const images = decodeImages('best', tensors, size, () => fail('a sparse set has no place here'));
  const confirmed = judged.flatMap((verdict, row) => (verdict === 'confirmed' ? [row] : []));
  if (images.map(({ row }) => row).join() !== confirmed.join()) {
    throw damaged(
      `${images.length} images; wanted one of each of the ${confirmed.length} confirmed rows, in their order`,
    );
  }
  return { index, label, verdicts: judged, images };
}

/** Positions in the test set whose image was confirmed. */
export function confirmedOf({ index, verdicts: judged }: ExternalEvidence): Set<number> {
  return new Set(index.filter((_, row) => judged[row] === 'confirmed'));
}

function tensorsOf(bytes: Uint8Array) {
  try {
    return decodeSafetensors(bytes).tensors;
  } catch (error) {
    if (error instanceof ParapetError) throw damaged(error.message);
    throw error;
  }
}

function fail(what: string): never {
  throw damaged(what);
}

function damaged(what: string): ParapetError {
  return new ParapetError('integrity', `evidence: ${what}`, 'the file was damaged or altered; evaluate again');
}
