/** What a GraphModel may not be: every mistake, and every trick, by the message that it gets. */
import { beforeAll, describe, expect, test } from 'vitest';
import { startBackend } from '../../backends/index.ts';
import { ints, savedGraph } from '../testing/tfjs-graphs.ts';
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
      'a list of another type',
      (s) => put(nodeOf(s, '_FusedConv2D').attr, 'dilations', { list: { y: ['1', '1', '1', '1'] } }),
      "its dilations is no short list of 'i'",
    ],
    [
      'no dilations at all',
      (s) => put(nodeOf(s, '_FusedConv2D').attr, 'dilations', { list: {} }),
      'its dilations are not 1',
    ],
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
    ['a filter of whole numbers', (s) => put(weightsOf(s)[0], 'dtype', 'int32'), 'its input 2 is not of floats'],
    [
      'a bound in another form',
      (s) => put(weightsOf(s)[4], 'shape', [1, 1]),
      'which part it takes comes as a tensor [1,1]',
    ],
    [
      'a mask of more axes than there are',
      (s) => put(nodeOf(s, 'StridedSlice').attr, 'shrink_axis_mask', { i: 5 }),
      'it takes more than a run of numbers',
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

  test('a name that would reach a prototype changes nothing', async () => {
    const saved = savedGraph();
    for (const name of ['__proto__', 'constructor']) {
      const text = JSON.stringify(saved.json).replaceAll(nodeOf(saved, 'MaxPool').name, name);
      expect((await load({ json: text, shards: saved.shards })).classes).toBe(3);
    }
    expect(Object.keys(Object.prototype)).toEqual([]);
  });
});
