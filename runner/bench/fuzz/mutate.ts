/** Damage to files, drawn from a counter: the same number gives the same damage anywhere. */
import { philox } from '#core/random.ts';

/** Numbers that readers stumble over, as bytes. */
const evil: readonly (readonly number[])[] = [
  [0],
  [0x7f],
  [0x80],
  [0xff],
  [0xff, 0xff, 0xff, 0x7f],
  [0, 0, 0, 0x80],
  [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
  [0xff, 0xff, 0xff, 0xff, 0x0f],
  [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80],
];

/** Whole numbers from a counter, one block of four at a time. */
function drawsOf(seed: number, index: number): (below: number) => number {
  const block = new Uint32Array(4);
  let used = 0;
  return (below) => {
    if (used % 4 === 0) philox(used / 4, index, 0, 0, seed, 0, block);
    return (block[used++ % 4] as number) % Math.max(1, below);
  };
}

/**
 * @param others files to take pieces from
 * @param index which damage of this seed
 * @returns the file with one to eight changes
 */
export function mutated(file: Uint8Array, others: readonly Uint8Array[], seed: number, index: number): Uint8Array {
  const draw = drawsOf(seed, index);
  let bytes: Uint8Array = file.slice();
  // One change more often than several: a file that is torn to pieces is refused at its first byte.
  for (let changes = draw(2) === 0 ? 1 : 1 + draw(8); changes > 0; changes--) {
    const at = draw(bytes.length);
    switch (draw(8)) {
      case 0:
        bytes[at] = (bytes[at] as number) ^ (1 << draw(8));
        break;
      case 1:
        bytes[at] = draw(256);
        break;
      case 2:
        bytes = bytes.slice(0, at);
        break;
      case 3:
        bytes = spliced(bytes, at, at + 1 + draw(32), new Uint8Array());
        break;
      case 4: {
        const length = 1 + draw(64);
        bytes = spliced(bytes, at, at, bytes.slice(at, at + length));
        break;
      }
      case 5: {
        const other = others[draw(others.length)] as Uint8Array;
        const from = draw(other.length);
        bytes = spliced(bytes, at, at + draw(32), other.slice(from, from + draw(64)));
        break;
      }
      default: {
        const value = Uint8Array.from(evil[draw(evil.length)] as readonly number[]);
        bytes = spliced(bytes, at, at + (draw(2) === 0 ? value.length : 0), value);
      }
    }
    if (bytes.length === 0) return bytes;
  }
  return bytes;
}

function spliced(bytes: Uint8Array, from: number, to: number, middle: Uint8Array): Uint8Array {
  const tail = bytes.subarray(Math.min(to, bytes.length));
  const result = new Uint8Array(from + middle.length + tail.length);
  result.set(bytes.subarray(0, from), 0);
  result.set(middle, from);
  result.set(tail, from + middle.length);
  return result;
}
