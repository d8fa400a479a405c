import { decodeImages, type EvidenceImage, encodeImages } from '../evidence/images.ts';
import { damagedEvidence, evidenceTensors } from '../evidence/tensors.ts';
import { type Verdict, verdicts } from '../external-result.ts';
import { encodeSafetensors, type TensorData } from '../models/safetensors.ts';

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
  const tensors = evidenceTensors(bytes);
  const read = <T extends TensorData>(name: string, kind: new () => T): T => {
    const data = tensors.get(name)?.data;
    if (data instanceof kind) return data;
    throw damagedEvidence(`'${name}' is missing or has another type than the format says`);
  };
  const [index, label, codes] = [read('index', Int32Array), read('label', Int32Array), read('verdict', Uint8Array)];
  if (label.length !== index.length || codes.length !== index.length) {
    throw damagedEvidence(`${index.length} indices, ${label.length} labels and ${codes.length} verdicts`);
  }
  if (index.some((position, i) => position <= (index[i - 1] ?? -1))) throw damagedEvidence("'index' is not ascending");
  const judged = Array.from(codes, (code) => verdicts[code] ?? fail(`there is no verdict ${code}`));
  const images = decodeImages('best', tensors, size, () => fail('a sparse set has no place here'));
  const confirmed = judged.flatMap((verdict, row) => (verdict === 'confirmed' ? [row] : []));
  if (images.map(({ row }) => row).join() !== confirmed.join()) {
    throw damagedEvidence(
      `${images.length} images; wanted one of each of the ${confirmed.length} confirmed rows, in their order`,
    );
  }
  return { index, label, verdicts: judged, images };
}

/** Positions in the test set whose image was confirmed. */
export function confirmedOf({ index, verdicts: judged }: ExternalEvidence): Set<number> {
  return new Set(index.filter((_, row) => judged[row] === 'confirmed'));
}

function fail(what: string): never {
  throw damagedEvidence(what);
}
