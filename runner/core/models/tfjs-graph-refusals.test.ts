/** What a GraphModel may not be: every mistake, and every trick, by the message that it gets. */
import { beforeAll, describe, expect, test } from 'vitest';
import { startBackend } from '../../backends/index.ts';
import { GraphBuilder, ints, NHWC, savedGraph, VALID } from '../testing/tfjs-graphs.ts';
import { bytesOf, type Json, type Saved } from '../testing/tfjs-saved.ts';
import { loadTfjsGraph } from './tfjs-graph.ts';

beforeAll(async () => {
  await startBackend('wasm');
});

type Change = (saved: Saved) => unknown;

const FILE = 'group1-shard1of1.bin';
const load = ({ json, shards }: Saved) => loadTfjsGraph(bytesOf(json), shards);
const put = (target: Json, field: string | number, value: unknown) => {
  target[field] = value;
};
const nodesOf = ({ json }: Saved): Json[] => json.modelTopology.node;
const weightsOf = ({ json }: Saved) => json.weightsManifest[0].weights;
const bytesIn = ({ shards }: Saved) => shards.get(FILE) as Uint8Array;
const nodeOf = (s: Saved, op: string): Json => nodesOf(s).find((node) => node.op === op);

describe('of a GraphModel is refused', () => {
  test.each<[string, Change, string]>([
    ['another format', (s) => put(s.json, 'format', 'layers-model'), 'says it is a layers-model; wanted a graph-model'],
    ['trailing bytes', (s) => s.shards.set(FILE, new Uint8Array(bytesIn(s).length + 1)), 'its weights account for'],
    ['a file too short', (s) => s.shards.set(FILE, bytesIn(s).subarray(4)), 'its weight files end within'],
    ['an initialiser', (s) => put(s.json, 'modelInitializer', {}), 'Unrecognized key: "modelInitializer"'],
    ['a function', (s) => put(s.json.modelTopology, 'library', { function: [{}] }), 'functions are not taken'],
    ['an operator of control', (s) => put(nodeOf(s, 'MaxPool'), 'op', 'While'), "is a 'While', which is not taken"],
    [
      'a random operator',
      (s) => put(nodeOf(s, 'MaxPool'), 'op', 'RandomUniform'),
      "is a 'RandomUniform', which is not taken",
    ],
    [
      'an operator of another domain',
      (s) => put(nodeOf(s, 'MaxPool'), 'op', 'constructor'),
      "is a 'constructor', which is not",
    ],
    [
      'a setting that nobody reads',
      (s) => put(nodeOf(s, 'MaxPool').attr, 'evil', { b: true }),
      'its setting "evil" is not known',
    ],
    ['a setting of another type', (s) => put(nodeOf(s, 'MaxPool').attr, 'padding', { i: 1 }), "its padding is no 's'"],
    [
      'a text that is not one of those',
      (s) => put(nodeOf(s, 'MaxPool').attr, 'padding', { s: 'RVhQTElDSVQ=' }),
      'its padding is not one of VALID, SAME',
    ],
    [
      'channels first',
      (s) => put(nodeOf(s, 'MaxPool').attr, 'data_format', { s: 'TkNIVw==' }),
      'its data_format is not one of NHWC',
    ],
    [
      'a stride of 0',
      (s) => put(nodeOf(s, 'MaxPool').attr, 'strides', ints(1, 0, 2, 1)),
      'its strides are not between 1 and 4096',
    ],
    [
      'strides over channels',
      (s) => put(nodeOf(s, 'MaxPool').attr, 'strides', ints(1, 2, 2, 2)),
      'its strides are not [1, height, width, 1]',
    ],
    ['a window of no size', (s) => put(nodeOf(s, 'MaxPool').attr, 'ksize', ints(1, 0, 2, 1)), 'its ksize is not'],
    [
      'a whole number that is none',
      (s) => put(nodeOf(s, 'MaxPool').attr, 'ksize', { list: { i: ['x'] } }),
      'its ksize is no whole number',
    ],
    ['dilation', (s) => put(nodeOf(s, '_FusedConv2D').attr, 'dilations', ints(1, 2, 2, 1)), 'its dilations are not 1'],
    [
      'explicit padding',
      (s) => put(nodeOf(s, '_FusedConv2D').attr, 'explicit_paddings', ints(0, 0, 1, 1, 1, 1, 0, 0)),
      'its padding is explicit',
    ],
    [
      'a fused operator of another kind',
      (s) => put(nodeOf(s, '_FusedConv2D').attr, 'fused_ops', { list: { s: ['UmVsdQ=='] } }),
      'fused with something other than a bias',
    ],
    ['a name that stands twice', (s) => put(nodesOf(s)[2], 'name', nodesOf(s)[1].name), 'two nodes are called'],
    ['a control input', (s) => nodeOf(s, 'MaxPool').input.push('^x'), "waits for '^x'; control inputs are not taken"],
    [
      'an input that is not there',
      (s) => put(nodeOf(s, 'MaxPool').input, 0, '__proto__'),
      "is given '__proto__', which is not there",
    ],
    [
      'a second result of a node',
      (s) => put(nodeOf(s, 'MaxPool').input, 0, `${nodeOf(s, '_FusedConv2D').name}:1`),
      ":1', which is not there",
    ],
    [
      'an input too many',
      (s) => nodeOf(s, 'MaxPool').input.push(nodeOf(s, '_FusedConv2D').name),
      'is given 2 inputs; wanted 1',
    ],
    [
      'a node that is given itself',
      (s) => put(nodeOf(s, 'MaxPool').input, 0, nodeOf(s, 'MaxPool').name),
      'its graph has a cycle',
    ],
    ['a cycle', (s) => put(nodeOf(s, '_FusedConv2D').input, 0, nodeOf(s, 'MaxPool').name), 'its graph has a cycle'],
    [
      'a cycle of all nodes',
      (s) =>
        put(
          s.json.modelTopology,
          'node',
          nodesOf(s)
            .map((node, i, all) =>
              node.op === 'Placeholder' ? node : { ...node, input: [all.at(i - 1).name, all.at(1).name] },
            )
            .map((node, i, all) => (i === 1 ? { ...node, input: [all.at(-1).name, all[0].name] } : node)),
        ),
      'its graph has a cycle',
    ],
    [
      'two outputs',
      (s) => nodesOf(s).push({ name: 'more', op: 'Relu', input: [nodeOf(s, 'MaxPool').name] }),
      'it has 2 outputs',
    ],
    ['no input', (s) => put(nodeOf(s, 'Placeholder'), 'op', 'Const'), 'it has 0 inputs; wanted one'],
    [
      'an input without a size',
      (s) => put(nodeOf(s, 'Placeholder').attr.shape.shape.dim, 1, { size: '-1' }),
      'is [-1, 8, 1]; wanted floats',
    ],
    ['an input of another rank', (s) => nodeOf(s, 'Placeholder').attr.shape.shape.dim.pop(), 'shape.dim'],
    [
      'an input of whole numbers',
      (s) => put(nodeOf(s, 'Placeholder').attr, 'dtype', { type: 'DT_INT32' }),
      'is not of floats',
    ],
    [
      'an image of too many values',
      (s) =>
        put(
          nodeOf(s, 'Placeholder').attr.shape.shape,
          'dim',
          ['-1', '4096', '4096', '64'].map((size) => ({ size })),
        ),
      'that is too large',
    ],
    ['a weight that is missing', (s) => put(weightsOf(s)[0], 'name', 'other'), "the weight 'Const_1' is missing"],
    [
      'a weight of no node',
      (s) => weightsOf(s).push({ name: 'more', shape: [0], dtype: 'float32' }),
      "the weight 'more' belongs to no node",
    ],
    [
      'a filter for other maps',
      (s) => put(weightsOf(s)[0], 'shape', [3, 3, 4, 1]),
      'its filter is [3,3,4,1] for maps [2,8,8,1]',
    ],
    ['a bias of another length', (s) => put(weightsOf(s)[1], 'shape', [2, 2]), 'its bias is [2,2] for [2,6,6,4]'],
    [
      'matrices that do not fit',
      (s) => put(nodeOf(s, '_FusedMatMul').attr, 'transpose_b', { b: true }),
      'are no matrices to be multiplied',
    ],
    [
      'a chain of 10,000 nodes',
      (s) => nodesOf(s).push(...Array.from({ length: 10_000 }, (_, i) => ({ name: `n${i}`, op: 'Relu', input: [] }))),
      'modelTopology: node',
    ],
  ])('%s', async (_, change, message) => {
    const saved = savedGraph();
    change(saved);
    await expect(load(saved)).rejects.toThrow(message);
  });

  /** What stands between an image of [4, 4, 1] and the output. */
  const built = (make: (b: GraphBuilder, x: string) => string) => {
    const b = new GraphBuilder();
    b.node('Identity', [make(b, b.input(4, 4, 1))]);
    return load(b.save());
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
    await expect(built(doubling)).rejects.toThrow('the shape that it makes is not known before it runs');
  });

  test('a name that would reach a prototype changes nothing', async () => {
    const saved = savedGraph();
    for (const name of ['__proto__', 'constructor']) {
      const text = JSON.stringify(saved.json).replaceAll(nodeOf(saved, 'MaxPool').name, name);
      expect((await load({ json: text, shards: saved.shards })).classes).toBe(3);
    }
    expect(Object.keys(Object.prototype)).toEqual([]);
  });
});
