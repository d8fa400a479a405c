import type * as tf from '@tensorflow/tfjs';
import { type ConvAttributes, convInfo } from '#core/kernels/conv2d-backprop.ts';

type Info = ReturnType<typeof convInfo>;

/**
 * Where Winograd's algorithm is the faster one; measured on images of 28×28 and less, one thread, against TensorFlow's own:
 * the harmonic mean of the channels in and out (at 16 it takes 1.15 times as long, at 21 and 24 three quarters, at 64 half),
 * the filters (at 512 × 512 they leave the cache once transformed) and the part of its 4×4 tiles that the outputs fill.
 * None depends on the batch, so that nothing changes when images leave it.
 */
const FEWEST_CHANNELS = 20;
const MOST_FILTERS = 256 * 256;
const LEAST_FILLED = 0.5;

/** The most taps (height × width × input channels of a filter) that the ops for first layers take. */
const MOST_TAPS = 32;

/** The geometry of a convolution of channels-last images without dilation, null for others. */
export function plainInfo(input: number[], filter: number[], attrs: tf.NamedAttrMap | undefined): Info | null {
  const attributes = attrs as unknown as ConvAttributes & { readonly dilations?: number | [number, number] };
  const dilated = [attributes.dilations ?? 1].flat().some((dilation) => dilation !== 1);
  if (attributes.dataFormat === 'NCHW' || dilated) return null;
  return convInfo(input as ConvAttributes['inputShape'], filter as ConvAttributes['filterShape'], attributes);
}

export function suitsWinograd(info: Info | null): info is Info {
  if (info === null) return false;
  const { filterHeight, filterWidth, strideHeight, strideWidth, inChannels, outChannels, outHeight, outWidth } = info;
  if (filterHeight !== 3 || filterWidth !== 3 || strideHeight !== 1 || strideWidth !== 1) return false;
  const filters = inChannels * outChannels;
  const tiles = Math.ceil(outHeight / 4) * Math.ceil(outWidth / 4);
  const mean = (2 * filters) / (inChannels + outChannels);
  return mean >= FEWEST_CHANNELS && filters <= MOST_FILTERS && (outHeight * outWidth) / (16 * tiles) >= LEAST_FILLED;
}

export function isFirstLayer(info: Info | null): info is Info {
  if (info === null) return false;
  return info.inChannels <= 4 && info.filterHeight * info.filterWidth * info.inChannels <= MOST_TAPS;
}

/** The shape that the attributes of an input gradient name. */
export const inputShapeOf = (attrs: tf.NamedAttrMap | undefined): number[] => attrs?.['inputShape'] as number[];

/** The shape that the attributes of a filter gradient name. */
export const filterShapeOf = (attrs: tf.NamedAttrMap | undefined): number[] => attrs?.['filterShape'] as number[];
