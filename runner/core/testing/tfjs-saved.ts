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
