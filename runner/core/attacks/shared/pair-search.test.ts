import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { exampleRandom } from '../../random.ts';
import { type Pair, pairSearch, twoLargest } from './pair-search.ts';

/** The loop over all pairs, as in the paper. */
function fullLoop(gain: Float32Array, loss: Float32Array, open: Uint8Array, sign: 1 | -1): Pair | null {
  let best = 0;
  let pair: Pair | null = null;
  for (let p = 0; p < gain.length; p++) {
    for (let q = p + 1; q < gain.length; q++) {
      if (open[p] === 0 || open[q] === 0) continue;
      const values = [gain[p], loss[p], gain[q], loss[q]] as number[];
      if (!values.every(Number.isFinite)) continue;
      const a = sign * (gain[p] as number) + sign * (gain[q] as number);
      const b = sign * (loss[p] as number) + sign * (loss[q] as number);
      if (a > 0 && b > 0 && a * b > best) {
        best = a * b;
        pair = [p, q];
      }
    }
  }
  return pair;
}

const float = fc.float({ noDefaultInfinity: true, noNaN: true });
const smallInteger = fc.integer({ min: -3, max: 3 });
const anyFloat = fc.oneof(float, fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, 0, -0, 1e-45, 1e-30));

function features(value: fc.Arbitrary<number>) {
  return fc.array(fc.tuple(value, value, fc.integer({ min: 0, max: 3 })), { maxLength: 40 }).map((rows) => ({
    gain: Float32Array.from(rows, ([a]) => a),
    loss: Float32Array.from(rows, ([, b]) => b),
    open: Uint8Array.from(rows, ([, , o]) => (o === 0 ? 0 : 1)),
  }));
}

describe('the pruned search equals the loop over all pairs, ties included', () => {
  const kinds: [string, fc.Arbitrary<number>][] = [
    ['any values', float],
    ['many ties', smallInteger],
    ['NaN, infinities and denormals among them', anyFloat],
  ];
  test.each(kinds)('%s', (_name, value) => {
    fc.assert(
      fc.property(features(value), fc.constantFrom(1 as const, -1 as const), ({ gain, loss, open }, sign) => {
        expect(pairSearch(gain.length)(gain, loss, open, sign)).toEqual(fullLoop(gain, loss, open, sign));
      }),
      { numRuns: 2000 },
    );
  });

  test.each([-0.9, -0.5, 0, 0.5, 0.9])('784 normal values, gain and loss correlated by %s', (correlation) => {
    const random = exampleRandom(11, 'pairs');
    const search = pairSearch(784);
    const open = new Uint8Array(784).fill(1);
    for (let draw = 0; draw < 10; draw++) {
      const gain = random.normal([0], draw, 784);
      const other = random.normal([1], draw, 784);
      const loss = gain.map((a, i) => correlation * a + Math.sqrt(1 - correlation ** 2) * (other[i] as number));
      expect(search(gain, loss, open, 1)).toEqual(fullLoop(gain, loss, open, 1));
    }
  });
});

test('where loss equals gain, the two largest are the best pair', () => {
  fc.assert(
    fc.property(features(smallInteger), fc.constantFrom(1 as const, -1 as const), ({ gain, open }, sign) => {
      expect(twoLargest(gain, open, sign)).toEqual(fullLoop(gain, gain, open, sign));
    }),
    { numRuns: 2000 },
  );
});

test('no pair is admissible among zeros, NaN, or a single feature', () => {
  const one = Float32Array.of(1);
  const open = Uint8Array.of(1, 1, 1);
  expect(twoLargest(new Float32Array(3), open, 1)).toBeNull();
  expect(twoLargest(new Float32Array(3).fill(Number.NaN), open, 1)).toBeNull();
  expect(twoLargest(one, open, 1)).toBeNull();
  expect(pairSearch(3)(new Float32Array(3), new Float32Array(3), open, 1)).toBeNull();
  expect(pairSearch(1)(one, one, open, 1)).toBeNull();
});
