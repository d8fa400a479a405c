/** Graphs whose operators and shapes do not go together, or would grow without bound. */
import { beforeAll, describe, expect, test } from 'vitest';
import { startBackend } from '../../backends/index.ts';
import { GraphBuilder, ints, NHWC, VALID } from '../testing/tfjs-graphs.ts';
import { bytesOf } from '../testing/tfjs-saved.ts';
import { loadTfjsGraph } from './tfjs-graph.ts';

beforeAll(async () => {
  await startBackend('wasm');
});

describe('of a GraphModel is refused', () => {
  /** What stands between an image of [4, 4, 1] and the output. */
  const built = (make: (b: GraphBuilder, x: string) => string) => {
    const b = new GraphBuilder();
    b.node('Identity', [make(b, b.input(4, 4, 1))]);
    const { json, shards } = b.save();
    return loadTfjsGraph(bytesOf(json), shards);
  };
  const huge = (b: GraphBuilder, x: string) => {
    let maps = x;
    for (let i = 0; i < 5; i++) maps = b.node('Pad', [maps, b.whole([4, 2], 0, 0, 1000, 1000, 1000, 1000, 0, 0)]);
    return maps;
  };

  test.each<[string, (b: GraphBuilder, x: string) => string, string]>([
    ['maps that grow and grow', huge, 'of 2 images; that is too large'],
    [
      'an outer product',
      (b, x) => b.node('Add', [b.node('Mul', [b.weights(8192, 1), b.weights(1, 8192)]), x]),
      'makes [8192,8192] of 2 images',
    ],
    [
      'a pad beyond the limit',
      (b, x) => b.node('Pad', [x, b.whole([4, 2], 0, 0, 1e9, 0, 0, 0, 0, 0)]),
      'adds less than 0 or over 4096',
    ],
    [
      'a pad that takes away',
      (b, x) => b.node('Pad', [x, b.whole([4, 2], 0, 0, -1, 0, 0, 0, 0, 0)]),
      'adds less than 0 or over 4096',
    ],
    [
      'a shape that does not fit',
      (b, x) => b.node('Reshape', [x, b.whole([2], -1, 5)]),
      '[2,4,4,1] does not become [-1,5]',
    ],
    [
      'a fixed number of images',
      (b, x) => b.node('Reshape', [x, b.whole([2], 1, 16)]),
      '[2,4,4,1] does not become [1,16]',
    ],
    ['a shape from floats', (b, x) => b.node('Reshape', [x, b.weights(2)]), 'the shape that it makes is not known'],
    [
      'an order of axes that is none',
      (b, x) => b.node('Transpose', [x, b.whole([4], 0, 1, 1, 3)]),
      'is no order of [2,4,4,1]',
    ],
    ['an axis that is not there', (b, x) => b.node('Mean', [x, b.whole([1], 7)]), 'has no axes [7]'],
    [
      'axes dropped that are not 1',
      (b, x) => b.node('Squeeze', [x], { squeeze_dims: ints(1) }),
      'it drops axes of [2,4,4,1]',
    ],
    ['an axis put nowhere', (b, x) => b.node('ExpandDims', [x, b.whole([], 9)]), 'it puts an axis at 9'],
    [
      'maps joined that differ',
      (b, x) => b.node('ConcatV2', [x, b.weights(3), b.whole([], 1)]),
      'are not joined along axis 1',
    ],
    [
      'tensors that do not go together',
      (b, x) => b.node('Add', [x, b.weights(3, 1)]),
      '[2,4,4,1] and [3,1] do not go together',
    ],
    [
      'a part of the images',
      (b, x) => b.node('StridedSlice', [x, b.whole([1], 0), b.whole([1], 1), b.whole([1], 1)]),
      'other than a shape',
    ],
    [
      'a window over no maps',
      (b, x) =>
        b.node('MaxPool', [b.node('Reshape', [x, b.whole([2], -1, 16)])], {
          ksize: ints(1, 2, 2, 1),
          strides: ints(1, 2, 2, 1),
          padding: VALID,
          data_format: NHWC,
        }),
      'wanted maps [batch, height, width, channels]',
    ],
    [
      'a window larger than the maps',
      (b, x) => b.node('AvgPool', [x], { ksize: ints(1, 5, 5, 1), strides: ints(1, 1, 1, 1), padding: VALID }),
      'its window of 5 does not fit 4',
    ],
    [
      'normalisation in training',
      (b, x) =>
        b.node('FusedBatchNormV3', [x, ...Array.from({ length: 4 }, () => b.weights(1))], { is_training: { b: true } }),
      'statistics from the images',
    ],
    ['whole numbers for scores', (b, x) => b.node('Shape', [x]), 'its output is not of floats'],
    ['maps for scores', (b, x) => b.node('Relu', [x]), 'its output is [2,4,4,1] for 2 images'],
    [
      'one score',
      (b, x) => b.node('MatMul', [b.node('Reshape', [x, b.whole([2], -1, 16)]), b.weights(16, 1)]),
      'its output is [2,1] for 2 images',
    ],
  ])('%s', async (_, make, message) => {
    await expect(built(make)).rejects.toThrow(message);
  });

  test('numbers that double and double are given up, not held', async () => {
    const doubling = (b: GraphBuilder, x: string) => {
      let numbers = b.node('Shape', [x]);
      for (let i = 0; i < 22; i++) numbers = b.node('ConcatV2', [numbers, numbers, b.whole([], 0)]);
      return b.node('Reshape', [x, numbers]);
    };
    await expect(built(doubling)).rejects.toThrow('is not known before it runs');
  });
});
