import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, test } from 'vitest';
import { startBackend } from '../../backends/index.ts';
import { type Architecture, batchStatistic, opened } from '../models/architecture.ts';
import { architectures } from '../models/index.ts';
import { trainingMethods } from './index.ts';
import { initialWeights } from './initial-weights.ts';
import type { DescentOptions } from './options.ts';

beforeAll(async () => {
  await startBackend('wasm');
});

/** How often a pass asks for units to be dropped. */
function drops(architecture: Architecture): number {
  let asked = 0;
  const weights = opened(architecture, initialWeights(architecture, 1));
  tf.tidy(() =>
    architecture.forward(weights, tf.zeros([1, ...architecture.inputShape]), (units) => {
      asked++;
      return units;
    }),
  );
  tf.dispose(weights);
  return asked;
}

const trained = architectures.filter((one) => batchStatistic(one) === null);

test.each(trained.map((one) => [one.id, one] as const))('%s says whether it drops units', (_, architecture) => {
  expect(drops(architecture) === 0).toBe(architecture.undropped === true);
});

test.each(trainingMethods.map((method) => [method.id, method] as const))(
  'what %s calls idle by default are options of its own',
  (_, { idle, optionsSchema }) => {
    const { names } = idle?.(optionsSchema.parse({}) as DescentOptions) ?? { names: [] };
    expect(Object.keys(optionsSchema.shape)).toEqual(expect.arrayContaining([...names]));
  },
);
