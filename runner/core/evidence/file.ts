import type { Evaluation } from '../evaluate.ts';
import { cleanImages } from '../evaluation/clean.ts';
import type { LineOutcomes } from '../metrics/outcomes.ts';
import { encodeSafetensors, type TensorData } from '../models/safetensors.ts';
import type { SuiteAttack } from '../suites/suite.ts';
import type { ThreatModel } from '../tracks.ts';
import { type CleanImage, decodeImages, type EvidenceImage, encodeImages, type NewTensor } from './images.ts';
import { type Measured, measuredCount, measuredOf, measuredTensor } from './measured.ts';
import { damagedEvidence, evidenceTensors } from './tensors.ts';

export interface Evidence {
  readonly examples: Int32Array;
  readonly predictions: Int32Array;
  /** True class of each scanned example, where the file says it. */
  readonly labels: Int32Array | null;
  readonly lines: readonly LineOutcomes[];
  /** null without a certificate. */
  readonly certificate: Measured | null;
  readonly best: readonly EvidenceImage[];
  readonly pairs: readonly EvidenceImage[];
}

/** The clean image behind a row of a set, given the clean image behind an attacked example. */
const pairsClean =
  (clean: CleanImage, rowsPerExample: number): CleanImage =>
  (row) =>
    clean(Math.floor(row / rowsPerExample));

/** @returns the bytes of the file */
export function encodeEvidence(
  evidence: Omit<Evidence, 'labels'>,
  evaluation: Pick<Evaluation, 'suite' | 'examples' | 'dataset'>,
): Uint8Array {
  const { examples, predictions, lines, certificate, best, pairs } = evidence;
  const { track, suite } = evaluation.suite;
  const clean = cleanImages(evaluation, examples);
  const pairRows = lines.find(({ line }) => line.id === suite.headline)?.rowsPerExample ?? 1;
  // Positions are stored in 16 bits.
  const sparse = track.norm === 'L0' && evaluation.examples.x.length / evaluation.examples.count < 2 ** 16;
  const tensors = new Map<string, NewTensor>([
    ['examples', { shape: [examples.length], data: examples }],
    ['predictions', { shape: [predictions.length], data: predictions }],
  ]);
  if (evaluation.dataset.split === 'own') {
    const labels = evaluation.examples.y.slice(0, predictions.length);
    tensors.set('labels', { shape: [labels.length], data: labels });
  }
  for (const { line, rowsPerExample, code, distance, trackDistance } of lines) {
    const shape = [examples.length, rowsPerExample];
    tensors.set(`line.${line.id}.code`, { shape, data: code });
    tensors.set(`line.${line.id}.distance`, { shape, data: distance });
    if (isOtherNorm(line, track)) tensors.set(`line.${line.id}.trackDistance`, { shape, data: trackDistance });
  }
  if (certificate !== null) {
    const shape = [measuredCount(certificate), certificate.width];
    tensors.set(measuredTensor, { shape, data: certificate.values });
  }
  for (const [name, tensor] of encodeImages('best', best, sparse ? clean : null)) tensors.set(name, tensor);
  const sparsePairs = sparse ? pairsClean(clean, pairRows) : null;
  for (const [name, tensor] of encodeImages('pairs', pairs, sparsePairs)) tensors.set(name, tensor);
  return encodeSafetensors(Object.fromEntries(tensors), { format: 'parapet-evidence-1', track: track.id });
}

function isOtherNorm(line: SuiteAttack, track: ThreatModel): boolean {
  return (line.norm ?? track.norm) !== track.norm;
}

/**
 * The evidence of an evaluation.
 * @throws ParapetError 'integrity' when the file is damaged or is not what the suite makes
 */
export function evidenceOf(bytes: Uint8Array, { suite, examples }: Pick<Evaluation, 'suite' | 'examples'>): Evidence {
  const { track, lines } = suite;
  const size = examples.x.length / examples.count;
  const clean = (position: number) => examples.x.subarray(position * size, (position + 1) * size);
  return decodeEvidence(bytes, { track, lines, headline: suite.suite.headline }, size, clean);
}

/**
 * @param lines the suite's lines for the track
 * @param size values per image
 * @param cleanOf the clean image at a position of the data set
 * @throws ParapetError 'integrity' when the file is damaged or is not what the suite makes
 */
function decodeEvidence(
  bytes: Uint8Array,
  { track, lines, headline }: { track: ThreatModel; lines: readonly SuiteAttack[]; headline?: string | undefined },
  size: number,
  cleanOf: (position: number) => Float32Array,
): Evidence {
  const tensors = evidenceTensors(bytes);
  const unread = new Set(tensors.keys());
  const read = <T extends TensorData>(name: string, kind: new () => T, length?: number): T => {
    unread.delete(name);
    const data = tensors.get(name)?.data;
    if (!(data instanceof kind)) throw damagedEvidence(`'${name}' is missing or has another type than the format says`);
    if (length !== undefined && data.length !== length)
      throw damagedEvidence(`'${name}' has ${data.length} values; wanted ${length}`);
    return data;
  };
  const examples = read('examples', Int32Array);
  const clean: CleanImage = (row) => cleanOf(examples[row] ?? -1);
  const decoded = lines.map((line): LineOutcomes => {
    const code = read(`line.${line.id}.code`, Uint8Array);
    const rowsPerExample = examples.length === 0 ? 1 : code.length / examples.length;
    if (!Number.isInteger(rowsPerExample))
      throw damagedEvidence(`'line.${line.id}.code' is not a multiple of the examples`);
    const distance = read(`line.${line.id}.distance`, Float64Array, code.length);
    const trackDistance = isOtherNorm(line, track)
      ? read(`line.${line.id}.trackDistance`, Float64Array, code.length)
      : distance;
    return { line, rowsPerExample, code, distance, trackDistance };
  });
  const pairRows = decoded.find(({ line }) => line.id === headline)?.rowsPerExample ?? 1;
  const evidence = {
    examples,
    predictions: read('predictions', Int32Array),
    labels: tensors.has('labels') ? read('labels', Int32Array) : null,
    lines: decoded,
    certificate: measuredOf(tensors, examples.length),
    best: decodeImages('best', tensors, size, clean),
    pairs: decodeImages('pairs', tensors, size, pairsClean(clean, pairRows)),
  };
  for (const name of unread)
    if (name !== measuredTensor && !/^(best|pairs)\./.test(name))
      throw damagedEvidence(`'${name}' is not part of the format`);
  return evidence;
}
