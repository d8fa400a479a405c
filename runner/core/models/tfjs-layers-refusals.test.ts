/** What a LayersModel may not be: every mistake, and every trick, by the message that it gets. */
import type * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { startBackend } from '../../backends/index.ts';
import { bytesOf, type Json, residual, type Saved, save, sequential } from '../testing/tfjs-saved.ts';
import { loadTfjsLayers } from './tfjs-layers.ts';

beforeAll(async () => {
  await startBackend('wasm');
});

const load = ({ json, shards }: Saved) => loadTfjsLayers(bytesOf(json), shards);

/** A model that comes out of `change` in another form. */
type Change = (saved: Saved) => unknown;

/** Gives a part of a parsed file another value. */
const put = (target: Json, field: string | number, value: unknown) => {
  target[field] = value;
};
const layersOf = ({ json }: Saved) => json.modelTopology.config.layers;
const weightsOf = ({ json }: Saved) => json.weightsManifest[0].weights;
const shardOf = ({ shards }: Saved) => shards.get('model.weights.bin') as Uint8Array;
const refused = async (make: () => tf.LayersModel, change: Change) => {
  const saved = await save(make());
  change(saved);
  return load(saved);
};

describe('of a LayersModel is refused', () => {
  test.each<[string, Change, string]>([
    ['a file that is no JSON', (s) => put(s, 'json', '{'), 'model.json is not JSON in UTF-8'],
    [
      'a key that stands twice',
      (s) => put(s, 'json', JSON.stringify(s.json).replace('{', '{"format":"layers-model",')),
      "the key 'format' twice",
    ],
    ['a field that no model has', (s) => put(s.json, 'hook', 1), 'model.json: Unrecognized key: "hook"'],
    ['another format', (s) => put(s.json, 'format', 'graph-model'), 'says it is a graph-model; wanted a layers-model'],
    ['a file too short', (s) => s.shards.set('model.weights.bin', shardOf(s).subarray(1)), 'end within'],
    [
      'trailing bytes',
      (s) => s.shards.set('model.weights.bin', new Uint8Array(shardOf(s).length + 4)),
      'hold 672 bytes, and its weights account for 668',
    ],
    ['a missing file', (s) => s.shards.clear(), "'model.weights.bin' is missing"],
    ['a file that is not listed', (s) => s.shards.set('more.bin', new Uint8Array(1)), "'more.bin' is not listed"],
    [
      'a path out of the folder',
      (s) => put(s.json.weightsManifest[0], 'paths', ['../../etc/passwd']),
      "'../../etc/passwd' is no plain file name",
    ],
    ['a file listed twice', (s) => s.json.weightsManifest[0].paths.push('model.weights.bin'), 'is listed twice'],
    ['a weight listed twice', (s) => put(weightsOf(s)[1], 'name', weightsOf(s)[0].name), 'is listed twice'],
    ['a weight of no layer', (s) => put(weightsOf(s)[0], 'name', 'other/kernel'), "the weight 'conv2d_"],
    [
      'a weight too many',
      (s) => weightsOf(s).push({ name: 'x', shape: [0], dtype: 'float32' }),
      "the weight 'x' belongs to no layer",
    ],
    ['a weight of another shape', (s) => put(weightsOf(s)[0], 'shape', [3, 3, 4, 1]), 'is [3,3,4,1]; wanted [3,3,1,4]'],
    ['a weight of whole numbers', (s) => put(weightsOf(s)[0], 'dtype', 'int32'), 'is int32; wanted float32'],
    ['a weight of no type that we read', (s) => put(weightsOf(s)[0], 'dtype', 'string'), 'weights.0.dtype'],
    ['a weight with a negative side', (s) => put(weightsOf(s)[0], 'shape', [-3, 3, 1, 4]), 'shape.0'],
    ['a weight whose size overflows', (s) => put(weightsOf(s)[0], 'shape', [2 ** 40, 2 ** 40]), 'that is too large'],
    [
      'quantised weights',
      (s) => put(weightsOf(s)[0], 'quantization', { dtype: 'uint8', scale: 1, min: 0 }),
      'Unrecognized key: "quantization"',
    ],
    [
      'a weight that is not finite',
      (s) => new DataView(shardOf(s).buffer).setFloat32(0, Number.NaN, true),
      'holds a number that is not finite',
    ],
    [
      'a negative variance',
      (s) => new DataView(shardOf(s).buffer).setFloat32(668 - 4, -1, true),
      'holds a negative variance',
    ],
    ['a class of code', (s) => put(layersOf(s)[4], 'class_name', 'Lambda'), "is a 'Lambda', which is not taken"],
    [
      'a class of no such name',
      (s) => put(layersOf(s)[4], 'class_name', 'constructor'),
      "is a 'constructor', which is not taken",
    ],
    [
      'a model within a model',
      (s) => put(layersOf(s)[4], 'class_name', 'Sequential'),
      "is a 'Sequential', which is not taken",
    ],
    ['a setting that nobody reads', (s) => put(layersOf(s)[0].config, 'gain', 2), 'a Conv2D: Unrecognized key: "gain"'],
    [
      'groups, which TensorFlow.js would overlook',
      (s) => put(layersOf(s)[0].config, 'groups', 2),
      'a Conv2D: groups: Invalid input: expected 1',
    ],
    [
      'dilation, which has no gradient',
      (s) => put(layersOf(s)[0].config, 'dilation_rate', [2, 2]),
      'a Conv2D: dilation_rate',
    ],
    ['channels first', (s) => put(layersOf(s)[0].config, 'data_format', 'channels_first'), 'a Conv2D: data_format'],
    ['an activation of another name', (s) => put(layersOf(s)[0].config, 'activation', 'evil'), 'a Conv2D: activation'],
    ['more units than weights', (s) => put(layersOf(s)[5].config, 'units', 1e6), 'is [36,3]; wanted [36,1000000]'],
    ['a size that is no number of units', (s) => put(layersOf(s)[5].config, 'units', 1e12), 'a Dense: units'],
    [
      'a window larger than the maps',
      (s) => put(layersOf(s)[0].config, 'kernel_size', [99, 99]),
      'its window of 99 does not fit 8',
    ],
    [
      'a layer of too many values',
      (s) => put(layersOf(s)[0].config, 'filters', 2 ** 20),
      'values per image are too many',
    ],
    [
      'normalisation without a factor',
      (s) => put(layersOf(s)[1].config, 'scale', false),
      'a BatchNormalization: scale',
    ],
    ['an axis that is not the last', (s) => put(layersOf(s)[1].config, 'axis', 1), 'a BatchNormalization: axis'],
    [
      'maps that become no row of the units there are',
      (s) => Object.assign(layersOf(s)[3], { class_name: 'Reshape', config: { target_shape: [35] } }),
      '[3,3,4] does not become [35]',
    ],
    [
      'an image without a size',
      (s) => put(layersOf(s)[0].config, 'batch_input_shape', [null, null, null, 1]),
      'batch_input_shape of its input',
    ],
    [
      'an image of too many values',
      (s) => put(layersOf(s)[0].config, 'batch_input_shape', [null, 4096, 4096, 64]),
      'that is too large',
    ],
    [
      'two layers of one name',
      (s) => put(layersOf(s)[1].config, 'name', layersOf(s)[0].config.name),
      'two layers are called',
    ],
    ['a model of another class', (s) => put(s.json.modelTopology, 'class_name', 'RNN'), "its class is 'RNN'"],
    ['no layers', (s) => put(s.json.modelTopology.config, 'layers', []), 'modelTopology.config: layers'],
  ])('%s', async (_, change, message) => {
    await expect(refused(sequential, change)).rejects.toThrow(message);
  });

  const inputOf = (s: Saved, layer: number, which: number) => layersOf(s)[layer].inbound_nodes[0][which];
  test.each<[string, Change, string]>([
    ['a cycle', (s) => put(inputOf(s, 1, 0), 0, layersOf(s)[2].name), 'its graph has a cycle'],
    ['a layer that is given itself', (s) => put(inputOf(s, 2, 0), 0, layersOf(s)[2].name), 'its graph has a cycle'],
    [
      'a layer that is given nothing that is there',
      (s) => put(inputOf(s, 2, 0), 0, '__proto__'),
      "is given '__proto__', which is not there",
    ],
    [
      'a layer that nothing depends on',
      (s) => put(inputOf(s, 3, 1), 0, layersOf(s)[1].name),
      'no score depends on the layer',
    ],
    [
      'a layer that is applied twice',
      (s) => layersOf(s)[2].inbound_nodes.push([['input1', 0, 0, {}]]),
      'is applied 2 times',
    ],
    ['arguments of a call', (s) => put(inputOf(s, 2, 0), 3, { training: true }), 'Unrecognized key: "training"'],
    [
      'two inputs where one is taken',
      (s) => layersOf(s)[2].inbound_nodes[0].push([layersOf(s)[0].name, 0, 0, {}]),
      'is given 2 inputs; wanted one',
    ],
    [
      'two outputs',
      (s) => s.json.modelTopology.config.output_layers.push([layersOf(s)[1].name, 0, 0]),
      'output_layers',
    ],
    [
      'an input that is none',
      (s) => put(s.json.modelTopology.config.input_layers[0], 0, layersOf(s)[1].name),
      'is no InputLayer',
    ],
    [
      'shapes that do not add up',
      (s) => put(layersOf(s)[2].config, 'padding', 'valid'),
      'its inputs are [8,8,4] and [6,6,4]; wanted equal shapes',
    ],
    [
      'maps for scores',
      (s) => {
        s.json.modelTopology.config.output_layers[0][0] = layersOf(s)[3].name;
        layersOf(s).splice(4);
        weightsOf(s).splice(4);
        s.shards.set('model.weights.bin', shardOf(s).subarray(0, 4 * (36 + 4 + 144 + 4)));
      },
      'its output is [8,8,4] per image',
    ],
  ])('%s', async (_, change, message) => {
    await expect(refused(residual, change)).rejects.toThrow(message);
  });

  test('a chain of 5,000 layers, by their number', async () => {
    const deep: Change = (s) => {
      const [, layer] = layersOf(s);
      for (let i = 0; i < 5000; i++) layersOf(s).push({ ...layer, config: { ...layer.config, name: `n${i}` } });
    };
    await expect(refused(sequential, deep)).rejects.toThrow('modelTopology.config: layers');
  });

  test('a name that would reach a prototype changes nothing', async () => {
    const saved = await save(sequential());
    for (const name of ['__proto__', 'constructor']) {
      const text = JSON.stringify(saved.json).replaceAll(layersOf(saved)[0].config.name, name);
      const classifier = await load({ json: text, shards: saved.shards });
      expect(classifier.classes).toBe(3);
    }
    expect(Object.keys(Object.prototype)).toEqual([]);
  });
});
