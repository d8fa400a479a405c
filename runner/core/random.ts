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
const LOW_0 = MULTIPLIER_0 & 0xffff;
const HIGH_0 = MULTIPLIER_0 >>> 16;
const LOW_1 = MULTIPLIER_1 & 0xffff;
const HIGH_1 = MULTIPLIER_1 >>> 16;
const WEYL_0 = 0x9e3779b9;
const WEYL_1 = 0xbb67ae85;
const ROUNDS = 10;

/**
 * One block of four random words.
 *
 * Written out in 32-bit integers, without a call or an array per round: attacks that draw an image per query spend a good part
 * of their time here.
 * @param c0 to `c3`: the counter, four 32-bit words
 * @param k0 and `k1`: the key, two 32-bit words
 * @param out receives four unsigned 32-bit words
 */
export function philox(c0: number, c1: number, c2: number, c3: number, k0: number, k1: number, out: Uint32Array): void {
  let [w0, w1, w2, w3] = [c0 | 0, c1 | 0, c2 | 0, c3 | 0];
  let key0 = k0 | 0;
  let key1 = k1 | 0;
  for (let round = 0; round < ROUNDS; round++) {
    // The high word of a 64-bit product, by halves of 16 bits: no partial sum exceeds 32 bits.
    const low0 = w0 & 0xffff;
    const top0 = w0 >>> 16;
    const cross0 = (Math.imul(HIGH_0, low0) + (Math.imul(LOW_0, low0) >>> 16)) | 0;
    const middle0 = (Math.imul(LOW_0, top0) + (cross0 & 0xffff)) | 0;
    const product0 = (Math.imul(HIGH_0, top0) + (cross0 >>> 16) + (middle0 >>> 16)) | 0;
    const low1 = w2 & 0xffff;
    const top1 = w2 >>> 16;
    const cross1 = (Math.imul(HIGH_1, low1) + (Math.imul(LOW_1, low1) >>> 16)) | 0;
    const middle1 = (Math.imul(LOW_1, top1) + (cross1 & 0xffff)) | 0;
    const product1 = (Math.imul(HIGH_1, top1) + (cross1 >>> 16) + (middle1 >>> 16)) | 0;
    const next1 = Math.imul(MULTIPLIER_1, w2);
    const next3 = Math.imul(MULTIPLIER_0, w0);
    w0 = product1 ^ w1 ^ key0;
    w1 = next1;
    w2 = product0 ^ w3 ^ key1;
    w3 = next3;
    key0 = (key0 + WEYL_0) | 0;
    key1 = (key1 + WEYL_1) | 0;
  }
  out[0] = w0;
  out[1] = w1;
  out[2] = w2;
  out[3] = w3;
}

/** FNV-1a over the UTF-16 code units of a name: 32 bits that tell one stream from another. */
function hashName(name: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193) >>> 0;
  return hash;
}

/** Largest seed that is taken. Draws use 32 bits of it, so that one of more bits would draw as another does. */
export const MOST_SEED: number = 2 ** 31 - 1;

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
  /** As `uniform`, with whole numbers from 0 to 255: a quarter of the work, where 256 levels are enough. */
  bytes(examples: ArrayLike<number>, draw: number, size: number): Uint8Array;
}

/**
 * @param seed the run's seed, an integer
 * @param stream what the draws are for, such as the id of an attack's line in its suite
 */
export function exampleRandom(seed: number, stream: string): ExampleRandom {
  const key0 = seed >>> 0;
  const key1 = hashName(stream);
  const block = new Uint32Array(4);

  /** Fills one row after another by blocks of `perBlock` values; `put` takes the words in `block`. */
  function fill<Values extends Float32Array | Uint8Array>(
    values: Values,
    examples: ArrayLike<number>,
    draw: number,
    perBlock: number,
    put: (values: Values, at: number, end: number) => void,
  ): Values {
    const size = values.length / examples.length;
    for (let row = 0; row < examples.length; row++) {
      const end = (row + 1) * size;
      for (let at = row * size, counter = 0; at < end; at += perBlock, counter++) {
        philox(counter, draw, examples[row] as number, 0, key0, key1, block);
        put(values, at, end);
      }
    }
    return values;
  }

  function putUniform(values: Float32Array, at: number, end: number) {
    for (let j = 0; j < 4 && at + j < end; j++) values[at + j] = ((block[j] as number) >>> 8) * 2 ** -24;
  }

  function putNormal(values: Float32Array, at: number, end: number) {
    for (let j = 0; j < 4 && at + j < end; j += 2) {
      const radius = Math.sqrt(-2 * Math.log(((block[j] as number) + 1) * 2 ** -32));
      const angle = 2 * Math.PI * (block[j + 1] as number) * 2 ** -32;
      values[at + j] = radius * Math.cos(angle);
      if (at + j + 1 < end) values[at + j + 1] = radius * Math.sin(angle);
    }
  }

  function putBytes(values: Uint8Array, at: number, end: number) {
    for (let j = 0; j < 16 && at + j < end; j++) values[at + j] = (block[j >> 2] as number) >>> (8 * (j & 3));
  }

  return {
    uniform: (examples, draw, size) => fill(new Float32Array(examples.length * size), examples, draw, 4, putUniform),
    normal: (examples, draw, size) => fill(new Float32Array(examples.length * size), examples, draw, 4, putNormal),
    bytes: (examples, draw, size) => fill(new Uint8Array(examples.length * size), examples, draw, 16, putBytes),
  };
}
