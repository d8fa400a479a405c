import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { startBackend } from '../../backends/index.ts';
import { initialWeights } from '../training/initial-weights.ts';
import { architectures, findArchitecture, loadClassifier, parameterCount } from './index.ts';
import { encodeSafetensors } from './safetensors.ts';
import { decodeWeights } from './weights.ts';

beforeAll(async () => {
  await startBackend('wasm');
});

type Tensors = Record<string, { shape: readonly number[]; data: Float32Array | BigInt64Array }>;

const weightsFile = (id: string, change: (tensors: Tensors) => void = () => {}) => {
  const architecture = findArchitecture(id);
  const weights = initialWeights(architecture, 1);
  const tensors: Tensors = Object.fromEntries(
    architecture.parameters.map(({ name, shape }) => [name, { shape, data: weights[name] as Float32Array }]),
  );
  change(tensors);
  return encodeSafetensors(tensors);
};

const valuesOf = (tensors: Tensors, name: string) => tensors[name]?.data as Float32Array;

/** Gives each tensor whose name holds `from` the name with `to` in its place. */
const rename = (tensors: Tensors, from: RegExp, to: string) => {
  for (const name of Object.keys(tensors).filter((key) => from.test(key))) {
    tensors[name.replace(from, to)] = tensors[name] as Tensors[string];
    delete tensors[name];
  }
};

describe('architectures', () => {
  test.each([
    // Counted by their authors or by PyTorch.
    ['papernot-mnist', 312_202],
    ['papernot-cifar10', 1_147_978],
    ['small-cnn-mnist', 312_202],
    ['resnet-18-cifar10', 11_173_962],
    ['preact-resnet-18-cifar10', 11_171_146],
    ['wrn-28-10-cifar10', 36_479_194],
    // The normalisation before the mean adds a factor and a shift for each of 512 channels.
    ['preact-resnet-18-bn-cifar10', 11_171_146 + 2 * 512],
    // Convolutions and normalisations of VGG-16 are the same at every image size; ImageNet's three layers give way to one.
    ['vgg-16-cifar10', 14_723_136 + 512 * 10 + 10],
    // DeiT-Ti has 5,717,416 with 16×16 patches of 224×224 images and 1000 classes.
    ['vit-tiny-cifar10', 5_717_416 - 192 * 3 * (16 ** 2 - 4 ** 2) - 192 * (14 ** 2 - 8 ** 2) - 193 * (1000 - 10)],
    ['madry-mnist', 25 * 32 + 32 + 25 * 32 * 64 + 64 + 3136 * 1024 + 1024 + 1024 * 10 + 10],
    ['mlp-mnist', 785 * 1200 + 1201 * 1200 + 1201 * 10],
    ['maxout-mnist', 5 * (785 * 240 + 241 * 240) + 241 * 10],
    ['rbf-mnist', 2 * 784 * 10],
    ['softmax-regression-mnist', 785 * 10],
    ['softmax-regression-cifar10', 3073 * 10],
  ])('%s learns %d numbers', (id, count) => {
    expect(parameterCount(findArchitecture(id))).toBe(count);
  });

  test.each(architectures.map(({ id }) => [id]))(
    '%s answers with one finite score per class and leaves nothing behind',
    (id) => {
      const architecture = findArchitecture(id);
      const before = tf.memory().numTensors;
      const classifier = loadClassifier(id, weightsFile(id));
      const x = tf.fill([2, ...architecture.inputShape], 0.5) as tf.Tensor4D;
      const logits = classifier.logits(x);
      expect(logits.shape).toEqual([2, architecture.classes]);
      expect(logits.dataSync().every(Number.isFinite)).toBe(true);
      tf.dispose([x, logits]);
      classifier.dispose();
      expect(tf.memory().numTensors).toBe(before);
    },
  );

  test('weights of another architecture are refused, every tensor by name', () => {
    expect(() => decodeWeights(findArchitecture('papernot-mnist'), weightsFile('papernot-cifar10'))).toThrow(
      /weights do not fit papernot-mnist: 'conv1.weight' has shape \[3,3,3,64\]; wanted \[3,3,1,32\]; .*'fc3.weight'/,
    );
  });

  test('a missing, an unknown and a non-finite tensor are named in one message', () => {
    const file = weightsFile('papernot-mnist', (tensors) => {
      delete tensors['fc3.bias'];
      tensors.extra = { shape: [1], data: Float32Array.of(0) };
      valuesOf(tensors, 'fc2.bias')[7] = Number.NaN;
    });
    expect(() => loadClassifier('papernot-mnist', file)).toThrow(
      /'fc2.bias' holds a number that is not finite; 'fc3.bias' is missing; 'extra' is not a parameter/,
    );
  });

  test('an unknown architecture is refused with the list of those there are', () => {
    expect(() => findArchitecture('resnet-9000')).toThrow("architecture: there is no 'resnet-9000'");
  });
});

describe('files of PyTorch', () => {
  const resnet = findArchitecture('resnet-18-cifar10');

  test('torchvision’s names and the counts of batches are taken', () => {
    const file = weightsFile(resnet.id, (tensors) => {
      rename(tensors, /^linear\./, 'fc.');
      rename(tensors, /shortcut/, 'downsample');
      tensors['bn1.num_batches_tracked'] = { shape: [], data: BigInt64Array.of(7n) };
      tensors['layer2.0.downsample.1.num_batches_tracked'] = { shape: [], data: BigInt64Array.of(7n) };
    });
    expect([...decodeWeights(resnet, file).keys()]).toEqual(resnet.parameters.map(({ name }) => name));
  });

  test('the block that TRADES stores and never runs is left alone', () => {
    const wide = findArchitecture('wrn-28-10-cifar10');
    const shape = [160, 16, 3, 3];
    const data = new Float32Array(160 * 16 * 9);
    const file = weightsFile(wide.id, (tensors) => {
      tensors['sub_block1.layer.0.conv1.weight'] = { shape, data };
    });
    expect(decodeWeights(wide, file).size).toBe(wide.parameters.length);
  });

  test('whatever else is extra, missing, turned or impossible is named', () => {
    const file = weightsFile(resnet.id, (tensors) => {
      tensors['fc.bias'] = { shape: [10], data: new Float32Array(10) };
      tensors['bn9.num_batches_tracked'] = { shape: [], data: BigInt64Array.of(7n) };
      delete tensors['bn1.running_mean'];
      tensors['conv1.weight'] = { shape: [3, 3, 3, 64], data: valuesOf(tensors, 'conv1.weight') };
      valuesOf(tensors, 'layer1.0.bn1.running_var')[3] = -1;
      tensors['layer1.0.bn2.bias'] = { shape: [64], data: new BigInt64Array(64) };
    });
    let message = '';
    try {
      decodeWeights(resnet, file);
    } catch (error) {
      message = (error as Error).message;
    }
    const mistakes = message.replace('weights do not fit resnet-18-cifar10: ', '').split('; ');
    expect(mistakes.sort()).toEqual([
      "'bn1.running_mean' is missing",
      "'bn9.num_batches_tracked' is not a parameter",
      "'conv1.weight' has shape [3,3,3,64]",
      "'fc.bias' and 'linear.bias' are the same parameter",
      "'layer1.0.bn1.running_var' holds a negative variance",
      "'layer1.0.bn2.bias' is I64",
      'wanted F32, F16 or BF16',
      'wanted [64,3,3,3]',
    ]);
  });
});
