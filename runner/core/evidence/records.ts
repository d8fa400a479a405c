/**
 * What the evidence says of each attacked example, one record an example, and the Merkle tree over them: its root stands in the
 * result, so that a single example can be cited and proved without the rest of the file.
 */
import { canonicalJson } from '../canonical.ts';
import { sha256, utf8 } from '../digest.ts';
import { ParapetError } from '../errors.ts';
import { auditPath, leafHash, merkleRoot, rootOfPath } from '../merkle.ts';
import type { LineOutcomes } from '../metrics/outcomes.ts';
import type { Evidence } from './file.ts';
import type { EvidenceImage } from './images.ts';
import { measuredCount, measuredRow } from './measured.ts';

/** What one line of the suite did to an example; a number for each of its rows. */
export interface LineRecord {
  /** 0: held, 1: success beyond the track's ball, 2: success within it. */
  readonly code: readonly number[];
  /** Size of each success in the line's norm; 0 where the row held. */
  readonly distance: readonly number[];
  /** The same in the track's norm; only where that is another. */
  readonly trackDistance?: readonly number[];
}

/** All that the evidence file holds of one example. */
export interface ExampleRecord {
  /** Position in the data set. */
  readonly example: number;
  /** True class; only of data of a person's own. */
  readonly label?: number;
  /** Predicted class of the clean image; -1: a tie, or not finite. */
  readonly prediction: number;
  /** Numbers of the certificate's method; only of examples that it was measured of. */
  readonly certificate?: readonly number[];
  /** By id of the line. */
  readonly lines: Readonly<Record<string, LineRecord>>;
  /** SHA-256 of the nearest image that breaks it, as float32, little-endian; null where none is stored. */
  readonly image: string | null;
  /** The same of the image of each pair, by the row of the headline line that it is of. */
  readonly pairs: readonly { readonly row: number; readonly sha256: string }[];
}

/** That a record stands in the tree at its place: all that it takes to check it, besides the root. */
export interface ExampleProof {
  readonly record: ExampleRecord;
  /** Place among the attacked examples, from 0, and how many there are. */
  readonly index: number;
  readonly size: number;
  /** SHA-256(0x00 ‖ canonical JSON of the record). */
  readonly leaf: string;
  /** From the leaf up. */
  readonly path: readonly string[];
  readonly root: string;
}

/**
 * @param evidence as read from the file: what an image loses on its way into it is not in the record
 * @param headline id of the line that the pairs are of
 * @throws ParapetError 'integrity' when an outcome or an image is of an example that there is not, or is no number
 */
function exampleRecords(evidence: Evidence, headline: string | undefined): ExampleRecord[] {
  const { examples, predictions, labels, lines, certificate, best, pairs } = evidence;
  const images = new Map(best.map(({ row, pixels }) => [row, imageHash(pixels)]));
  const pairsOf = pairsByExample(evidence, headline);
  const distances = lines.flatMap(({ distance, trackDistance }) => [distance, trackDistance]);
  if (!distances.every((values) => values.every(Number.isFinite))) throw damaged('a distance is not finite');
  const withImages = [...images.keys(), ...pairsOf.keys()];
  if (withImages.some((row) => !(row >= 0 && row < examples.length)) || hasTwo(best, pairs))
    throw damaged('an image is of no attacked example, or two are of one');
  return Array.from(examples, (example, i): ExampleRecord => {
    const prediction = predictions[example];
    const label = labels?.[example];
    if (prediction === undefined || (labels !== null && label === undefined))
      throw damaged(`example ${example} has no prediction or label`);
    return {
      example,
      ...(label === undefined ? {} : { label }),
      prediction,
      ...(certificate !== null && i < measuredCount(certificate) && { certificate: [...measuredRow(certificate, i)] }),
      lines: Object.fromEntries(lines.map((line) => [line.line.id, lineRecord(line, i)])),
      image: images.get(i) ?? null,
      pairs: pairsOf.get(i) ?? [],
    };
  });
}

/** @returns the Merkle root over the records of all attacked examples, in their order */
export function evidenceRoot(evidence: Evidence, headline: string | undefined): string {
  return merkleRoot(exampleRecords(evidence, headline).map(recordHash));
}

/**
 * @param example position in the data set
 * @returns its record and the path to the root; null when the example was not attacked
 */
export function proveExample(evidence: Evidence, headline: string | undefined, example: number): ExampleProof | null {
  const records = exampleRecords(evidence, headline);
  const index = records.findIndex((record) => record.example === example);
  const record = records[index];
  if (record === undefined) return null;
  const leaves = records.map(recordHash);
  const path = auditPath(leaves, index);
  return { record, index, size: leaves.length, leaf: leaves[index] as string, path, root: merkleRoot(leaves) };
}

/** Whether a proof leads from its record to its root. The root is to be compared with the one of the result. */
export function provesExample({ record, index, size, leaf, path, root }: ExampleProof): boolean {
  return recordHash(record) === leaf && rootOfPath(leaf, index, size, path) === root;
}

function recordHash(record: ExampleRecord): string {
  return leafHash(utf8(canonicalJson(record)));
}

function lineRecord({ rowsPerExample, code, distance, trackDistance }: LineOutcomes, i: number): LineRecord {
  const rows = <T extends Uint8Array | Float64Array>(values: T) => [
    ...values.subarray(i * rowsPerExample, (i + 1) * rowsPerExample),
  ];
  const record = { code: rows(code), distance: rows(distance) };
  // Read from the file, the two are one array where their norms are one.
  return trackDistance === distance ? record : { ...record, trackDistance: rows(trackDistance) };
}

function pairsByExample(
  { lines, pairs }: Evidence,
  headline: string | undefined,
): Map<number, { row: number; sha256: string }[]> {
  const rowsPerExample = lines.find(({ line }) => line.id === headline)?.rowsPerExample ?? 1;
  const byExample = new Map<number, { row: number; sha256: string }[]>();
  for (const { row, pixels } of pairs) {
    const example = Math.floor(row / rowsPerExample);
    const list = byExample.get(example) ?? [];
    list.push({ row: row % rowsPerExample, sha256: imageHash(pixels) });
    byExample.set(example, list);
  }
  return byExample;
}

function hasTwo(...sets: readonly (readonly EvidenceImage[])[]): boolean {
  return sets.some((images) => new Set(images.map(({ row }) => row)).size < images.length);
}

function imageHash(pixels: Float32Array): string {
  return sha256(new Uint8Array(pixels.buffer, pixels.byteOffset, pixels.byteLength));
}

function damaged(what: string): ParapetError {
  return new ParapetError('integrity', `evidence: ${what}`, 'the file was damaged or altered; evaluate again');
}
