import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { auditPath, leafHash, merkleRoot, rootOfPath } from './merkle.ts';

const bytes = (hex: string) => Uint8Array.from(hex.match(/../g) ?? [], (digits) => Number.parseInt(digits, 16));

/** Entries, roots and paths of the reference implementation of RFC 6962 (certificate-transparency, merkle_tree_test.cc). */
const entries = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f'];
const roots = [
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
];
const paths: [index: number, size: number, path: string[]][] = [
  [0, 1, []],
  [
    0,
    8,
    [
      '96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7',
      '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
      '6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4',
    ],
  ],
  [
    5,
    8,
    [
      'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
      'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0',
      'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
    ],
  ],
  [2, 3, ['fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125']],
];
const leaves = entries.map((entry) => leafHash(bytes(entry)));

const someLeaves = fc
  .array(fc.uint8Array({ maxLength: 8 }), { minLength: 1, maxLength: 40 })
  .map((list) => list.map(leafHash));
const leavesWithPlace = someLeaves.chain((list) => fc.record({ list: fc.constant(list), at: fc.nat(list.length - 1) }));

describe('a Merkle tree', () => {
  it('has the roots of RFC 6962', () => {
    expect(merkleRoot([])).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
    expect(roots.map((_, i) => merkleRoot(leaves.slice(0, i + 1)))).toEqual(roots);
  });

  it.each(paths)('has the path of RFC 6962 for entry %i of %i', (index, size, path) => {
    expect(auditPath(leaves.slice(0, size), index)).toEqual(path);
    expect(rootOfPath(leaves[index] as string, index, size, path)).toBe(roots[size - 1]);
  });

  it('proves every entry of any list by a path no longer than the tree is high', () => {
    fc.assert(
      fc.property(leavesWithPlace, ({ list, at }) => {
        const path = auditPath(list, at);
        expect(path.length).toBeLessThanOrEqual(Math.ceil(Math.log2(list.length)));
        expect(rootOfPath(list[at] as string, at, list.length, path)).toBe(merkleRoot(list));
      }),
    );
  });

  it('has another root when an entry is changed, left out, moved or repeated', () => {
    const other = leafHash(bytes('ff'.repeat(9)));
    fc.assert(
      fc.property(leavesWithPlace, ({ list, at }) => {
        const root = merkleRoot(list);
        expect(merkleRoot(list.with(at, other))).not.toBe(root);
        expect(merkleRoot(list.toSpliced(at, 1))).not.toBe(root);
        // The tree of Bitcoin gives a list and the list with its last entry twice one root.
        expect(merkleRoot([...list, list.at(-1) as string])).not.toBe(root);
        const swapped = list.with(0, list[at] as string).with(at, list[0] as string);
        if (list[at] !== list[0]) expect(merkleRoot(swapped)).not.toBe(root);
      }),
    );
  });

  it('gives no proof that was tampered with: another entry, place, size, or path', () => {
    const other = leafHash(bytes('ff'.repeat(9)));
    fc.assert(
      fc.property(leavesWithPlace, fc.nat(), ({ list, at }, where) => {
        const root = merkleRoot(list);
        const [leaf, path] = [list[at] as string, auditPath(list, at)];
        expect(rootOfPath(other, at, list.length, path)).not.toBe(root);
        expect(rootOfPath(leaf, at, list.length, [...path, other])).not.toBe(root);
        expect(rootOfPath(leaf, list.length, list.length, path)).toBeNull();
        expect(rootOfPath(leaf, -1, list.length, path)).toBeNull();
        if (path.length === 0) return;
        expect(rootOfPath(leaf, at, list.length, path.slice(1))).not.toBe(root);
        expect(rootOfPath(leaf, at, list.length, path.with(where % path.length, other))).not.toBe(root);
        expect(rootOfPath(leaf, at, list.length, path.with(0, 'x'))).toBeNull();
        const elsewhere = (at + 1 + (where % (list.length - 1))) % list.length;
        if (list[elsewhere] !== leaf) expect(rootOfPath(leaf, elsewhere, list.length, path)).not.toBe(root);
      }),
    );
  });

  it('does not take a node for an entry', () => {
    const [a = '', b = ''] = leaves;
    expect(leafHash(bytes(`01${a}${b}`))).not.toBe(merkleRoot([a, b]));
    expect(leafHash(bytes(a + b))).not.toBe(merkleRoot([a, b]));
  });

  it('says that there is no such entry', () => {
    for (const index of [-1, 8, 0.5]) expect(() => auditPath(leaves, index)).toThrow(RangeError);
  });
});
