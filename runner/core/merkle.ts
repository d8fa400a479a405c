/**
 * Merkle trees over SHA-256: one digest of a list, and short proofs that an entry stands in it at its place.
 *
 * A leaf is SHA-256(0x00 ‖ data) and a node SHA-256(0x01 ‖ left ‖ right), so that no node can pass for a leaf; a list of n splits at
 * the largest power of two below n, so that no entry counts twice. Hashes are in hexadecimal.
 *
 * Source: Laurie et al., "Certificate Transparency", RFC 6962, §2.1, https://www.rfc-editor.org/rfc/rfc6962; the check of a proof as
 * in RFC 9162, §2.1.3.2.
 */
import { sha256 } from './digest.ts';

const LEAF = 0;
const NODE = 1;
const HASH = /^[0-9a-f]{64}$/;

/** @returns the hash of one entry */
export function leafHash(data: Uint8Array): string {
  const bytes = new Uint8Array(1 + data.length);
  bytes[0] = LEAF;
  bytes.set(data, 1);
  return sha256(bytes);
}

/** @param leaves hashes of the entries, in their order @returns the root; of an empty list, the SHA-256 of nothing */
export function merkleRoot(leaves: readonly string[]): string {
  if (leaves.length === 0) return sha256(new Uint8Array());
  if (leaves.length === 1) return leaves[0] as string;
  const split = splitOf(leaves.length);
  return nodeHash(merkleRoot(leaves.slice(0, split)), merkleRoot(leaves.slice(split)));
}

/**
 * The audit path of an entry: hashes of the neighbours that lead from it to the root, from the leaf up.
 * @param leaves hashes of all entries
 * @throws RangeError when there is no such entry
 */
export function auditPath(leaves: readonly string[], index: number): string[] {
  if (!(Number.isInteger(index) && index >= 0 && index < leaves.length)) {
    throw new RangeError(`no entry ${index} in a list of ${leaves.length}`);
  }
  if (leaves.length === 1) return [];
  const split = splitOf(leaves.length);
  const [left, right] = [leaves.slice(0, split), leaves.slice(split)];
  return index < split
    ? [...auditPath(left, index), merkleRoot(right)]
    : [...auditPath(right, index - split), merkleRoot(left)];
}

/**
 * @param leaf hash of an entry
 * @param index its place, from 0
 * @param size how many entries the list has
 * @returns the root that an audit path leads to; null for a path that no entry at this place has
 */
export function rootOfPath(leaf: string, index: number, size: number, path: readonly string[]): string | null {
  if (![index, size].every(Number.isSafeInteger) || index < 0 || index >= size) return null;
  if (![leaf, ...path].every((hash) => HASH.test(hash))) return null;
  let [at, last, hash] = [index, size - 1, leaf];
  for (const neighbour of path) {
    if (last === 0) return null;
    if (at % 2 === 1 || at === last) {
      hash = nodeHash(neighbour, hash);
      // The last of a level without a neighbour moves up as it is.
      while (at % 2 === 0 && at !== 0) [at, last] = [at / 2, Math.floor(last / 2)];
    } else hash = nodeHash(hash, neighbour);
    [at, last] = [Math.floor(at / 2), Math.floor(last / 2)];
  }
  return last === 0 ? hash : null;
}

/** Largest power of two below n, for n ≥ 2. */
function splitOf(n: number): number {
  let split = 1;
  while (2 * split < n) split *= 2;
  return split;
}

function nodeHash(left: string, right: string): string {
  const bytes = new Uint8Array(65);
  bytes[0] = NODE;
  for (let i = 0; i < 32; i++) {
    bytes[1 + i] = Number.parseInt(left.slice(2 * i, 2 * i + 2), 16);
    bytes[33 + i] = Number.parseInt(right.slice(2 * i, 2 * i + 2), 16);
  }
  return sha256(bytes);
}
