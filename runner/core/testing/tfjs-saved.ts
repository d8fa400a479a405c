/** Models of TensorFlow.js as it saves them: model.json, and the bytes that lie beside it. */
import * as tf from '@tensorflow/tfjs';

/** model.json as parsed; tests change it in ways that no type allows. */
// biome-ignore lint/suspicious/noExplicitAny: see above
export type Json = any;

export interface Saved {
  json: Json;
  shards: Map<string, Uint8Array>;
}

/** A model as TensorFlow.js itself saves it. */
export async function save(model: tf.LayersModel): Promise<Saved> {
  let saved: tf.io.ModelArtifacts = {};
  await model.save(
    tf.io.withSaveHandler(async (artifacts) => {
      saved = artifacts;
      return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' } };
    }),
  );
  const json = {
    format: saved.format,
    generatedBy: saved.generatedBy,
    convertedBy: saved.convertedBy,
    modelTopology: saved.modelTopology,
    weightsManifest: [{ paths: ['model.weights.bin'], weights: saved.weightSpecs }],
  };
  return {
    json: JSON.parse(JSON.stringify(json)),
    shards: new Map([['model.weights.bin', new Uint8Array(saved.weightData as ArrayBuffer)]]),
  };
}

/** A model.json as a file; a string stands as it is. */
export function bytesOf(json: Json): Uint8Array {
  return new TextEncoder().encode(typeof json === 'string' ? json : JSON.stringify(json));
}
/** A 3×3 convolution. */
export const conv = (filters: number, more: object = {}) => tf.layers.conv2d({ filters, kernelSize: 3, ...more });

/** Convolution, normalisation with statistics of its own, pooling, dropout and softmax. */
export function sequential(): tf.Sequential {
  const model = tf.sequential({
    layers: [
      conv(4, { inputShape: [8, 8, 1], activation: 'relu' }),
      tf.layers.batchNormalization(),
      tf.layers.maxPooling2d({ poolSize: 2 }),
      tf.layers.flatten(),
      tf.layers.dropout({ rate: 0.5 }),
      tf.layers.dense({ units: 3, activation: 'softmax' }),
    ],
  });
  const norm = model.layers[1] as tf.layers.Layer;
  norm.setWeights(
    [
      [1.5, 0.5, 1, 2],
      [0.1, -0.2, 0, 0.3],
      [0.2, 0.1, 0, -0.1],
      [0.5, 2, 1, 1.5],
    ].map((v) => tf.tensor1d(v)),
  );
  return model;
}

/** A residual block, for a graph that is no chain. */
export function residual(): tf.LayersModel {
  const input = tf.input({ shape: [8, 8, 1] });
  const first = conv(4, { padding: 'same', activation: 'relu' }).apply(input) as tf.SymbolicTensor;
  const second = conv(4, { padding: 'same' }).apply(first) as tf.SymbolicTensor;
  const sum = tf.layers.add().apply([first, second]);
  const means = tf.layers.globalAveragePooling2d({}).apply(sum);
  return tf.model({ inputs: input, outputs: tf.layers.dense({ units: 3 }).apply(means) as tf.SymbolicTensor });
}

/** A LayersModel written by hand, for where no backend runs yet that could make one: a residual block, all weights 0. */
export function writtenLayers(): Saved {
  const layer = (name: string, class_name: string, config: object, ...inputs: string[]) => ({
    name,
    class_name,
    config: { name, trainable: true, ...config },
    inbound_nodes: inputs.length === 0 ? [] : [inputs.map((input) => [input, 0, 0, {}])],
  });
  const convolution = {
    filters: 2,
    kernel_size: [3, 3],
    strides: [1, 1],
    padding: 'same',
    data_format: 'channels_last',
  };
  const layers = [
    layer('image', 'InputLayer', { batch_input_shape: [null, 6, 6, 1], dtype: 'float32', sparse: false }),
    layer('conv', 'Conv2D', { ...convolution, activation: 'relu', use_bias: true, kernel_initializer: null }, 'image'),
    layer(
      'norm',
      'BatchNormalization',
      { axis: -1, momentum: 0.99, epsilon: 0.001, center: true, scale: true },
      'conv',
    ),
    layer('sum', 'Add', {}, 'conv', 'norm'),
    layer('pool', 'MaxPooling2D', { pool_size: [2, 2], padding: 'valid', strides: [2, 2] }, 'sum'),
    layer('flat', 'Flatten', {}, 'pool'),
    layer('dense', 'Dense', { units: 3, activation: 'softmax', use_bias: true }, 'flat'),
  ];
  const channels = ['gamma', 'beta', 'moving_mean', 'moving_variance'].map((part) => [`norm/${part}`, [2]]);
  const shapes = [
    ['conv/kernel', [3, 3, 1, 2]],
    ['conv/bias', [2]],
    ...channels,
    ['dense/kernel', [18, 3]],
    ['dense/bias', [3]],
  ];
  const weights = (shapes as [string, number[]][]).map(([name, shape]) => ({ name, shape, dtype: 'float32' }));
  const numbers = weights.reduce((sum, { shape }) => sum + shape.reduce((product, side) => product * side, 1), 0);
  const config = { name: 'net', layers, input_layers: [['image', 0, 0]], output_layers: [['dense', 0, 0]] };
  const json = {
    format: 'layers-model',
    modelTopology: { class_name: 'Model', config, keras_version: 'tfjs-layers 4.22.0', backend: 'tensor_flow.js' },
    weightsManifest: [{ paths: ['model.weights.bin'], weights }],
  };
  return { json, shards: new Map([['model.weights.bin', new Uint8Array(4 * numbers)]]) };
}
