import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { startBackend } from '../../backends/index.ts';
import { initialWeights } from '../training/initial-weights.ts';
import { architectures, decodeWeights, findArchitecture, loadClassifier, parameterCount } from './index.ts';
import { encodeSafetensors } from './safetensors.ts';

beforeAll(async () => {
  await startBackend('wasm');
});

const weightsFile = (
  id: string,
  change: (tensors: Record<string, { shape: readonly number[]; data: Float32Array }>) => void = () => {},
) => {
  const architecture = findArchitecture(id);
  const weights = initialWeights(architecture, 1);
  const tensors = Object.fromEntries(
    architecture.parameters.map(({ name, shape }) => [name, { shape, data: weights[name] as Float32Array }]),
  );
  change(tensors);
  return encodeSafetensors(tensors);
};

describe('architectures', () => {
  test('Papernot’s nets have 312,202 and 1,147,978 parameters', () => {
    expect(parameterCount(findArchitecture('papernot-mnist'))).toBe(312_202);
    expect(parameterCount(findArchitecture('papernot-cifar10'))).toBe(1_147_978);
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
      (tensors['fc2.bias'] as { data: Float32Array }).data[7] = Number.NaN;
    });
    expect(() => loadClassifier('papernot-mnist', file)).toThrow(
      /'fc2.bias' holds a number that is not finite; 'fc3.bias' is missing; 'extra' is not a parameter/,
    );
  });

  test('an unknown architecture is refused with the list of those there are', () => {
    expect(() => findArchitecture('resnet-9000')).toThrow("architecture: there is no 'resnet-9000'");
  });
});
