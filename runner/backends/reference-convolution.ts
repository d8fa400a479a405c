/**
 * A convolution in plain JavaScript that large nets can be confirmed with: the stock kernel of tfjs's `cpu` backend takes most of a
 * minute for one picture of 224×224. Nothing of it is shared with wasm's or TensorFlow's; sums are of 64 bits.
 *
 * Patches of the images become columns of a matrix, a few at a time, and that is multiplied by the filters: in blocks of two places and
 * four filters, whose eight sums stay in registers. Small convolutions stay with the stock kernel: it is fast enough for them, and what it has
 * confirmed once it confirms again, bit by bit.
 */
import * as tf from '@tensorflow/tfjs';
import { type ConvAttributes, convInfo } from '#core/kernels/conv2d-backprop.ts';
import { replaceKernel } from '#core/kernels/replace.ts';

type ConvInfo = ReturnType<typeof convInfo>;

/** Products of one image from which on it takes over. */
const MANY = 2 ** 25;

const PLACES = 2;
const FILTERS = 4;
/** Pairs of places whose patches are written out before they are used: what the second cache holds. */
const PAIRS = 16;

interface PlainBackend {
  readonly data: { get(id: tf.DataId): { values: Float32Array } };
  makeTensorInfo(shape: number[], dtype: 'float32', values: Float32Array): tf.TensorInfo;
}

/** Puts it in the place of the stock kernel of the `cpu` backend; calling it again does nothing. */
export function registerReferenceConvolution(): void {
  replaceKernel('cpu', tf.Conv2D, (stock) => (params) => {
    const attributes = params.attrs as unknown as ConvAttributes & { dilations: number | [number, number] };
    const spread = [attributes.dilations].flat().some((dilation) => dilation !== 1);
    if (attributes.dataFormat === 'NCHW' || spread) return (stock as tf.KernelFunc)(params);
    const { x, filter } = params.inputs as { x: tf.Tensor4D; filter: tf.Tensor4D };
    const backend = params.backend as PlainBackend;
    const info = convInfo(x.shape, filter.shape, attributes);
    const products = info.outHeight * info.outWidth * filter.shape.reduce((product, side) => product * side, 1);
    if (products < MANY) return (stock as tf.KernelFunc)(params);
    const [images, weights] = [x, filter].map(({ dataId }) => backend.data.get(dataId).values) as [
      Float32Array,
      Float32Array,
    ];
    return backend.makeTensorInfo(info.outShape, 'float32', convolve(images, weights, info));
  });
}

function convolve(x: Float32Array, filter: Float32Array, info: ConvInfo): Float32Array {
  const { batchSize, outHeight, outWidth, outChannels, filterHeight, filterWidth, inChannels } = info;
  const taps = filterHeight * filterWidth * inChannels;
  const y = new Float32Array(batchSize * outHeight * outWidth * outChannels);
  const blocks = inBlocks(filter, taps, outChannels);
  const patches = new Float64Array(PAIRS * PLACES * taps);
  const places = batchSize * outHeight * outWidth;
  for (let first = 0; first < places; first += PAIRS * PLACES) {
    const count = Math.min(PAIRS * PLACES, places - first);
    patches.fill(0);
    for (let i = 0; i < count; i++) writePatch(patches, i, x, first + i, taps, info);
    for (let block = 0; block * FILTERS < outChannels; block++) {
      for (let i = 0; i < count; i += PLACES) {
        multiply(patches, i * taps, blocks, block * taps * FILTERS, taps);
        for (let place = 0; place < Math.min(PLACES, count - i); place++) {
          for (let k = 0; k < Math.min(FILTERS, outChannels - block * FILTERS); k++) {
            y[(first + i + place) * outChannels + block * FILTERS + k] = sums[place * FILTERS + k] as number;
          }
        }
      }
    }
  }
  return y;
}

/** Filters [taps, out] as [out / 4, taps, 4], filled up with zeros. */
function inBlocks(filter: Float32Array, taps: number, out: number): Float64Array {
  const blocks = new Float64Array(Math.ceil(out / FILTERS) * taps * FILTERS);
  for (let tap = 0; tap < taps; tap++) {
    for (let k = 0; k < out; k++) {
      const block = Math.floor(k / FILTERS);
      blocks[(block * taps + tap) * FILTERS + (k % FILTERS)] = filter[tap * out + k] as number;
    }
  }
  return blocks;
}

/** Writes what lies under the filter at one place, as patch `i` of pairs [taps, 2]; what lies outside the image is left. */
function writePatch(patches: Float64Array, i: number, x: Float32Array, place: number, taps: number, info: ConvInfo) {
  const { outHeight, outWidth, inHeight, inWidth, inChannels, filterHeight, filterWidth } = info;
  const image = Math.floor(place / (outHeight * outWidth));
  const top = (Math.floor(place / outWidth) % outHeight) * info.strideHeight - info.padInfo.top;
  const left = (place % outWidth) * info.strideWidth - info.padInfo.left;
  const start = Math.floor(i / PLACES) * PLACES * taps + (i % PLACES);
  const from = Math.max(0, -left) * inChannels;
  const to = Math.min(filterWidth, inWidth - left) * inChannels;
  for (let row = 0; row < filterHeight; row++) {
    if (top + row < 0 || top + row >= inHeight) continue;
    const source = ((image * inHeight + top + row) * inWidth + left) * inChannels;
    const target = start + row * filterWidth * inChannels * PLACES;
    for (let t = from; t < to; t++) patches[target + t * PLACES] = x[source + t] as number;
  }
}

/** What `multiply` came to: of the first place the four sums, then of the second. */
const sums = new Float64Array(PLACES * FILTERS);

function multiply(patches: Float64Array, patch: number, blocks: Float64Array, block: number, taps: number): void {
  let a0 = 0;
  let a1 = 0;
  let a2 = 0;
  let a3 = 0;
  let b0 = 0;
  let b1 = 0;
  let b2 = 0;
  let b3 = 0;
  for (let p = patch, w = block, end = patch + taps * PLACES; p < end; p += PLACES, w += FILTERS) {
    const a = patches[p] as number;
    const b = patches[p + 1] as number;
    const w0 = blocks[w] as number;
    const w1 = blocks[w + 1] as number;
    const w2 = blocks[w + 2] as number;
    const w3 = blocks[w + 3] as number;
    a0 += a * w0;
    a1 += a * w1;
    a2 += a * w2;
    a3 += a * w3;
    b0 += b * w0;
    b1 += b * w1;
    b2 += b * w2;
    b3 += b * w3;
  }
  sums[0] = a0;
  sums[1] = a1;
  sums[2] = a2;
  sums[3] = a3;
  sums[4] = b0;
  sums[5] = b1;
  sums[6] = b2;
  sums[7] = b3;
}
