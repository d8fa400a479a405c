import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { startBackend } from '../../backends/index.ts';
import { slopeAndQuotient } from '../testing/slopes.ts';
import { fusedOps, GraphBuilder, ints, NHWC, SAME, savedGraph, VALID } from '../testing/tfjs-graphs.ts';
import { bytesOf, type Json, type Saved } from '../testing/tfjs-saved.ts';
import { graphOps } from './tfjs/graph-ops.ts';
import { loadTfjsGraph } from './tfjs-graph.ts';

beforeAll(async () => {
  await startBackend('wasm');
});

const load = ({ json, shards }: Saved) => loadTfjsGraph(bytesOf(json), shards);

const images = (count: number, height: number, width: number, channels: number, seed = 1) =>
  tf.randomUniform([count, height, width, channels], 0, 1, 'float32', seed) as tf.Tensor4D;

describe('a GraphModel', () => {
  test('has the scores that TensorFlow.js gives it, without softmax, for any number of images', async () => {
    const saved = savedGraph();
    const classifier = await load(saved);
    expect(classifier.inputShape).toEqual([8, 8, 1]);
    expect(classifier.classes).toBe(3);
    const plain = await tf.loadGraphModel(
      tf.io.fromMemory({
        modelTopology: saved.json.modelTopology,
        weightSpecs: saved.json.weightsManifest[0].weights,
        weightData: (saved.shards.get('group1-shard1of1.bin') as Uint8Array).slice().buffer,
      }),
    );
    for (const count of [1, 5]) {
      const x = images(count, 8, 8, 1);
      const wanted = (plain.execute(x) as tf.Tensor).dataSync<'float32'>();
      const got = tf.softmax(classifier.logits(x)).dataSync<'float32'>();
      expect(got).toHaveLength(3 * count);
      for (const [i, value] of wanted.entries()) expect(got[i]).toBeCloseTo(value, 5);
    }
  });

  test('frees all that it made', async () => {
    const before = tf.memory().numTensors;
    const classifier = await load(savedGraph());
    const x = images(2, 8, 8, 1);
    tf.dispose([x, classifier.logits(x)]);
    classifier.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });
});

/** Builds what stands between the maps [6, 6, 4] of a first convolution and scores; gives the name of the last node. */
type Middle = (b: GraphBuilder, maps: string) => string;

const convolution = { strides: ints(1, 1, 1, 1), padding: SAME, data_format: NHWC };
const window = { ksize: ints(1, 2, 2, 1), strides: ints(1, 2, 2, 1), padding: VALID, data_format: NHWC };
const flat = (b: GraphBuilder, maps: string) => b.node('Reshape', [maps, b.whole([2], -1, 144)]);
const one: (op: string, attr?: Json) => Middle = (op, attr) => (b, maps) => b.node(op, [maps], attr);
const positive: (op: string) => Middle = (op) => (b, maps) => b.node(op, [b.node('Exp', [maps])]);
const two: (op: string) => Middle = (op) => (b, maps) => b.node(op, [maps, b.weights(4)]);
const along: (op: string) => Middle = (op) => (b, maps) =>
  b.node(op, [maps, b.whole([2], 1, 2)], { keep_dims: { b: true } });

const middles: Readonly<Record<string, Middle>> = {
  Identity: one('Identity'),
  Conv2D: (b, maps) => b.node('Conv2D', [maps, b.weights(3, 3, 4, 2)], { ...convolution, strides: ints(1, 2, 2, 1) }),
  _FusedConv2D: (b, maps) =>
    b.node('_FusedConv2D', [maps, b.weights(3, 3, 4, 2), b.weights(2)], {
      ...convolution,
      fused_ops: fusedOps('UmVsdQ=='),
    }),
  MatMul: (b, maps) => b.node('MatMul', [flat(b, maps), b.weights(5, 144)], { transpose_b: { b: true } }),
  _FusedMatMul: (b, maps) =>
    b.node('_FusedMatMul', [flat(b, maps), b.weights(144, 5), b.weights(5)], { fused_ops: fusedOps('UmVsdQ==') }),
  BiasAdd: (b, maps) => b.node('BiasAdd', [maps, b.weights(4)], { data_format: NHWC }),
  Add: two('Add'),
  AddV2: two('AddV2'),
  Sub: two('Sub'),
  Mul: two('Mul'),
  RealDiv: two('RealDiv'),
  Maximum: two('Maximum'),
  Minimum: two('Minimum'),
  SquaredDifference: two('SquaredDifference'),
  Neg: one('Neg'),
  Sqrt: positive('Sqrt'),
  Rsqrt: positive('Rsqrt'),
  Square: one('Square'),
  Exp: one('Exp'),
  Tanh: one('Tanh'),
  Sigmoid: one('Sigmoid'),
  Relu: one('Relu'),
  Relu6: one('Relu6'),
  Selu: one('Selu'),
  Elu: one('Elu'),
  Softplus: one('Softplus'),
  LeakyRelu: one('LeakyRelu', { alpha: { f: 0.3 } }),
  Softmax: one('Softmax'),
  MaxPool: one('MaxPool', window),
  AvgPool: one('AvgPool', window),
  Mean: along('Mean'),
  Sum: along('Sum'),
  Max: along('Max'),
  FusedBatchNormV3: (b, maps) =>
    b.node('FusedBatchNormV3', [maps, b.weights(4), b.weights(4), b.weights(4), b.variances(4)], {
      epsilon: { f: 0.1 },
      is_training: { b: false },
      data_format: NHWC,
    }),
  Reshape: (b, maps) => b.node('Reshape', [maps, b.whole([3], -1, 12, 12)]),
  Squeeze: (b, maps) => b.node('Squeeze', [along('Mean')(b, maps)], { squeeze_dims: ints(1, -2) }),
  ExpandDims: (b, maps) => b.node('ExpandDims', [maps, b.whole([], -1)]),
  Transpose: (b, maps) => b.node('Transpose', [maps, b.whole([4], 0, 3, 1, 2)]),
  ConcatV2: (b, maps) => b.node('ConcatV2', [maps, b.node('Relu', [maps]), b.whole([], -1)]),
  Pad: (b, maps) => b.node('Pad', [maps, b.whole([4, 2], 0, 0, 1, 2, 0, 3, 0, 0)]),
  Shape: (b, maps) => b.node('Reshape', [maps, b.node('Shape', [maps])]),
  StridedSlice: (b, maps) => {
    const bounds = [b.whole([1], 0), b.whole([1], 3), b.whole([1], 1)];
    const head = b.node('StridedSlice', [b.node('Shape', [maps]), ...bounds], { begin_mask: { i: '1' } });
    return b.node('Reshape', [maps, b.node('ConcatV2', [head, b.whole([1], 4), b.whole([], 0)])]);
  },
  Pack: (b, maps) => {
    const batch = b.node('StridedSlice', [b.node('Shape', [maps]), b.whole([1], 0), b.whole([1], 1), b.whole([1], 1)], {
      shrink_axis_mask: { i: '1' },
    });
    return b.node('Reshape', [maps, b.node('Pack', [batch, b.whole([], 144)])]);
  },
  Prod: (b, maps) => {
    const rest = b.node('StridedSlice', [b.node('Shape', [maps]), b.whole([1], 1), b.whole([1], 0), b.whole([1], 1)], {
      end_mask: { i: '1' },
    });
    const values = b.node('Prod', [rest, b.whole([1], 0)]);
    return b.node('Reshape', [maps, b.node('Pack', [b.whole([], -1), values])]);
  },
};

describe('the gradient of every operator', () => {
  test('is looked at', () => {
    expect(Object.keys(middles).toSorted()).toEqual(graphOps.map(({ op }) => op).toSorted());
  });

  test.each(Object.entries(middles))('%s', async (_, middle) => {
    const b = new GraphBuilder();
    const first = b.node('Conv2D', [b.input(6, 6, 2), b.weights(3, 3, 2, 4)], convolution);
    const last = middle(b, first);
    // As many values as there are, whatever their shape.
    const sizes: Record<string, number> = {
      Conv2D: 18,
      _FusedConv2D: 72,
      MatMul: 5,
      _FusedMatMul: 5,
      MaxPool: 36,
      AvgPool: 36,
      Mean: 4,
      Sum: 4,
      Max: 4,
      Squeeze: 4,
      ConcatV2: 288,
      Pad: 9 * 9 * 4,
    };
    const size = sizes[_] ?? 144;
    b.node('MatMul', [b.node('Reshape', [last, b.whole([2], -1, size)]), b.weights(size, 3)]);
    const classifier = await load(b.save());
    const x = images(1, 6, 6, 2, 4);
    const { slope, quotient } = slopeAndQuotient(classifier, x);
    expect(Math.abs(slope - quotient) / Math.max(1, Math.abs(quotient))).toBeLessThan(0.02);
    expect(Math.abs(slope)).toBeGreaterThan(1e-6);
  });
});
