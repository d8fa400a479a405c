/**
 * Counter-based random numbers: Philox4x32-10.
 *
 * A draw is a function of (seed, stream, example, draw, position) and of nothing else, so the order of examples, batches,
 * shards, early stops and resumed runs never change one, in Node or in the browser.
 *
 * Source: Salmon et al., "Parallel Random Numbers: As Easy as 1, 2, 3", SC 2011, https://doi.org/10.1145/2063384.2063405.
 */
const MULTIPLIER_0 = 0xd2511f53;
const MULTIPLIER_1 = 0xcd9e8d57;
const WEYL_0 = 0x9e3779b9;
const WEYL_1 = 0xbb67ae85;
const ROUNDS = 10;

/** High 32 bits of the 64-bit product of two unsigned 32-bit numbers. */
function multiplyHigh(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const cross = aHigh * bLow + ((aLow * bLow) >>> 16);
  const middle = aLow * bHigh + (cross & 0xffff);
  return (aHigh * bHigh + Math.floor(cross / 0x10000) + Math.floor(middle / 0x10000)) >>> 0;
}

/**
 * One block of four random words.
 * @param counter four unsigned 32-bit words
 * @param key two unsigned 32-bit words
 * @param out receives four unsigned 32-bit words
 */
export function philox(
  counter: readonly [number, number, number, number],
  key: readonly [number, number],
  out: Uint32Array,
): void {
  let [c0, c1, c2, c3] = counter;
  let [k0, k1] = key;
  for (let round = 0; round < ROUNDS; round++) {
    const high0 = multiplyHigh(MULTIPLIER_0, c0);
    const low0 = Math.imul(MULTIPLIER_0, c0) >>> 0;
    const high1 = multiplyHigh(MULTIPLIER_1, c2);
    const low1 = Math.imul(MULTIPLIER_1, c2) >>> 0;
    c0 = (high1 ^ c1 ^ k0) >>> 0;
    c1 = low1;
    c2 = (high0 ^ c3 ^ k1) >>> 0;
    c3 = low0;
    k0 = (k0 + WEYL_0) >>> 0;
    k1 = (k1 + WEYL_1) >>> 0;
  }
  out[0] = c0;
  out[1] = c1;
  out[2] = c2;
  out[3] = c3;
}

/** FNV-1a over the UTF-16 code units of a name: 32 bits that tell one stream from another. */
function hashName(name: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193) >>> 0;
  return hash;
}

/** Draws for the examples of a batch. */
export interface ExampleRandom {
  /**
   * @param examples index of each example in its data set
   * @param draw which draw of the algorithm this is (a step, a restart): the same number gives the same values
   * @param size values per example
   * @returns float32 [examples.length × size], uniform in [0, 1) with 24 random bits each
   */
  uniform(examples: ArrayLike<number>, draw: number, size: number): Float32Array;
  /** As `uniform`, with values from N(0, 1) by the Box–Muller transform. */
  normal(examples: ArrayLike<number>, draw: number, size: number): Float32Array;
}

/**
 * @param seed the run's seed, an integer
 * @param stream what the draws are for, such as the id of an attack's line in its suite
 */
export function exampleRandom(seed: number, stream: string): ExampleRandom {
  const key = [seed >>> 0, hashName(stream)] as const;
  const block = new Uint32Array(4);

  function fill(
    examples: ArrayLike<number>,
    draw: number,
    size: number,
    pair: (a: number, b: number) => [number, number],
  ) {
    const values = new Float32Array(examples.length * size);
    for (let row = 0; row < examples.length; row++) {
      const offset = row * size;
      for (let i = 0; i < size; i += 4) {
        philox([i >>> 2, draw >>> 0, (examples[row] as number) >>> 0, 0], key, block);
        for (let j = 0; j < 4; j += 2) {
          const [a, b] = pair(block[j] as number, block[j + 1] as number);
          if (i + j < size) values[offset + i + j] = a;
          if (i + j + 1 < size) values[offset + i + j + 1] = b;
        }
      }
    }
    return values;
  }

  return {
    uniform: (examples, draw, size) =>
      fill(examples, draw, size, (a, b) => [(a >>> 8) * 2 ** -24, (b >>> 8) * 2 ** -24]),
    normal: (examples, draw, size) =>
      fill(examples, draw, size, (a, b) => {
        const radius = Math.sqrt(-2 * Math.log((a + 1) * 2 ** -32));
        const angle = 2 * Math.PI * b * 2 ** -32;
        return [radius * Math.cos(angle), radius * Math.sin(angle)];
      }),
  };
}
