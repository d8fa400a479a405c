import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { startBackend } from '../../backends/index.ts';
import { slopeAndQuotient } from '../testing/slopes.ts';
import { bytesOf, conv, residual, type Saved, save, sequential } from '../testing/tfjs-saved.ts';
import { layerKinds } from './tfjs/layer-kinds.ts';
import { loadTfjsLayers } from './tfjs-layers.ts';

beforeAll(async () => {
  await startBackend('wasm');
});

const load = ({ json, shards }: Saved) => loadTfjsLayers(bytesOf(json), shards);

const images = (count: number, shape: readonly [number, number, number], seed = 1) =>
  tf.randomUniform([count, ...shape], 0, 1, 'float32', seed) as tf.Tensor4D;

describe('a LayersModel', () => {
  test.each([
    ['Sequential', sequential],
    ['Functional', residual],
  ])('%s has the scores that TensorFlow.js gives it, without softmax', async (_, make) => {
    const model = make();
    const classifier = await load(await save(model));
    expect(classifier.inputShape).toEqual([8, 8, 1]);
    expect(classifier.classes).toBe(3);
    const x = images(5, [8, 8, 1]);
    const logits = classifier.logits(x);
    const wanted = (model.predict(x) as tf.Tensor).dataSync<'float32'>();
    const got = (make === sequential ? tf.softmax(logits) : logits).dataSync<'float32'>();
    for (const [i, value] of wanted.entries()) expect(got[i]).toBeCloseTo(value, 5);
  });

  test('frees all that it made', async () => {
    const saved = await save(sequential());
    const before = tf.memory().numTensors;
    const classifier = await load(saved);
    const x = images(2, [8, 8, 1]);
    tf.dispose([x, classifier.logits(x)]);
    classifier.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  test('is the same from several files', async () => {
    const saved = await save(residual());
    const x = images(2, [8, 8, 1]);
    const whole = (await load(saved)).logits(x).dataSync();
    const bytes = saved.shards.get('model.weights.bin') as Uint8Array;
    saved.json.weightsManifest[0].paths = ['a.bin', 'b.bin'];
    const shards = new Map([
      ['b.bin', bytes.subarray(101)],
      ['a.bin', bytes.subarray(0, 101)],
    ]);
    expect((await load({ json: saved.json, shards })).logits(x).dataSync()).toEqual(whole);
  });
});

describe('the gradient of every kind of layer', () => {
  const l = tf.layers;
  const map: [number, number, number] = [6, 6, 2];
  /** The model with weights that are the same in every run, and variances that are none. */
  const seeded = (model: tf.LayersModel) => {
    const draws = model.getWeights().map((weight, i) => tf.randomNormal(weight.shape, 0, 0.5, 'float32', i + 7));
    model.setWeights(
      model.weights.map(({ originalName }, i) => {
        const draw = draws[i] as tf.Tensor;
        return originalName.endsWith('moving_variance') ? tf.add(tf.abs(draw), 0.1) : draw;
      }),
    );
    return model;
  };
  const chain = (layer: tf.layers.Layer, flat = false) => {
    const input = tf.input({ shape: map });
    let value = conv(3, { padding: 'same' }).apply(input) as tf.SymbolicTensor;
    if (flat) value = l.flatten().apply(value) as tf.SymbolicTensor;
    value = layer.apply(value) as tf.SymbolicTensor;
    if (value.shape.length > 2) value = l.flatten().apply(value) as tf.SymbolicTensor;
    return tf.model({ inputs: input, outputs: l.dense({ units: 3 }).apply(value) as tf.SymbolicTensor });
  };
  const merged = (layer: tf.layers.Layer) => {
    const input = tf.input({ shape: map });
    const parts = [conv(2, { padding: 'same' }), conv(2, { padding: 'same' })].map((one) => one.apply(input));
    const value = l.flatten().apply(layer.apply(parts as tf.SymbolicTensor[]));
    return tf.model({ inputs: input, outputs: l.dense({ units: 3 }).apply(value) as tf.SymbolicTensor });
  };
  const activations = ['linear', 'relu', 'relu6', 'elu', 'selu', 'sigmoid', 'tanh', 'softplus', 'softmax', 'swish'];
  const models: Record<string, () => tf.LayersModel> = {
    Dense: () => chain(l.dense({ units: 4, activation: 'tanh' }), true),
    Conv2D: () => chain(conv(4, { strides: 2, padding: 'same', useBias: false })),
    DepthwiseConv2D: () => chain(l.depthwiseConv2d({ kernelSize: 3, depthMultiplier: 2, strides: 2, padding: 'same' })),
    SeparableConv2D: () => chain(l.separableConv2d({ kernelSize: 3, filters: 4 })),
    BatchNormalization: () => chain(l.batchNormalization({ epsilon: 0.1 })),
    ReLU: () => chain(l.reLU({ maxValue: 0.2 })),
    LeakyReLU: () => chain(l.leakyReLU()),
    ELU: () => chain(l.elu()),
    Softmax: () => chain(l.softmax(), true),
    Rescaling: () => chain(l.rescaling({ scale: 2, offset: -0.5 })),
    Dropout: () => chain(l.dropout({ rate: 0.9 })),
    GaussianNoise: () => chain(l.gaussianNoise({ stddev: 9 })),
    MaxPooling2D: () => chain(l.maxPooling2d({ poolSize: 3, strides: 2, padding: 'same' })),
    AveragePooling2D: () => chain(l.averagePooling2d({ poolSize: 2 })),
    GlobalAveragePooling2D: () => chain(l.globalAveragePooling2d({})),
    GlobalMaxPooling2D: () => chain(l.globalMaxPooling2d({})),
    Flatten: () => chain(l.flatten()),
    Reshape: () => chain(l.reshape({ targetShape: [4, 27] })),
    ZeroPadding2D: () =>
      chain(
        l.zeroPadding2d({
          padding: [
            [1, 2],
            [0, 3],
          ],
        }),
      ),
    Add: () => merged(l.add()),
    Multiply: () => merged(l.multiply()),
    Average: () => merged(l.average()),
    Maximum: () => merged(l.maximum()),
    Concatenate: () => merged(l.concatenate()),
    Activation: () => chain(l.activation({ activation: 'softplus' })),
  };
  for (const activation of activations) {
    models[`Activation ${activation}`] = () => chain(l.activation({ activation: activation as 'relu' }));
    models[`Dense ${activation}`] = () => chain(l.dense({ units: 4, activation: activation as 'relu' }), true);
  }

  test('is looked at', () => {
    expect(
      Object.keys(models)
        .filter((name) => !name.includes(' '))
        .toSorted(),
    ).toEqual(layerKinds.map(({ className }) => className).toSorted());
  });

  test.each(Object.entries(models))('%s, and scores as TensorFlow.js has them', async (_, make) => {
    const model = seeded(make());
    const classifier = await load(await save(model));
    const x = images(1, map, 4);
    expect(classifier.logits(x).dataSync()).toEqual((model.predict(x) as tf.Tensor).dataSync());
    const { slope, quotient } = slopeAndQuotient(classifier, x);
    const scale = Math.max(1, Math.abs(quotient));
    expect(Math.abs(slope - quotient) / scale).toBeLessThan(0.02);
    expect(Math.abs(slope)).toBeGreaterThan(1e-6);
  });
});
