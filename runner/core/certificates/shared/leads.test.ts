import { beforeAll, describe, expect, it } from 'vitest';
import { startBackend } from '../../../backends/index.ts';
import { findAttack } from '../../attacks/index.ts';
import { runAttack } from '../../attacks/run.ts';
import { classify } from '../../evaluation/perform.ts';
import { predictions } from '../../metrics/judge.ts';
import type { Classifier } from '../../models/classifier.ts';
import { findArchitecture, loadClassifier } from '../../models/index.ts';
import { encodeSafetensors } from '../../models/safetensors.ts';
import type { SentSubmission } from '../../models/sent-model.ts';
import { exampleRandom } from '../../random.ts';
import { initialWeights } from '../../training/initial-weights.ts';
import { crown } from '../crown.ts';
import { ibp } from '../ibp.ts';

const architecture = findArchitecture('gowal-small-mnist');
const values = initialWeights(architecture, 4);
// Images are of this class by some way, as those of a trained net are.
(values['fc2.bias'] as Float32Array)[3] = 1;
const examples = Int32Array.of(0, 1, 2);
const x = exampleRandom(5, 'images').uniform(examples, 0, 784);
const weights = encodeSafetensors(
  Object.fromEntries(
    architecture.parameters.map(({ name, shape }) => [name, { shape, data: values[name] as Float32Array }]),
  ),
);
const submission: SentSubmission['submission'] = {
  form: { inputShape: [28, 28, 1], classes: 10 },
  models: [{ format: 'safetensors', architecture: architecture.id, file: 'w', output: 'logits' }],
  defenses: [],
  files: { w: weights },
};

let classifier: Classifier;
let y: Int32Array;

beforeAll(async () => {
  await startBackend('wasm');
  classifier = loadClassifier(architecture.id, weights);
  y = predictions(await classify(classifier, x), 10);
});

const measure = (method: typeof ibp | typeof crown, epsilon: number) =>
  method.measure({ submission, x, y, examples, norm: 'Linf', epsilon, seed: 0 }, {});

/** The largest ε among some at which every image is certified. */
async function certifiedRadius(method: typeof ibp | typeof crown): Promise<number> {
  for (const epsilon of [0.02, 0.01, 0.005, 0.002, 0.001, 0.0005, 0.0002]) {
    const numbers = await measure(method, epsilon);
    if (examples.every((i) => method.certifies(numbers.subarray(2 * i, 2 * i + 2), {}, { epsilon }))) return epsilon;
  }
  return 0;
}

describe.each([ibp, crown])('$id', (method) => {
  it('certifies what PGD cannot break', async () => {
    const epsilon = await certifiedRadius(method);
    expect(epsilon).toBeGreaterThan(0);
    const attacked = await runAttack({
      attack: findAttack('pgd'),
      options: { steps: 20 },
      classifier,
      x,
      y,
      target: null,
      examples,
      norm: 'Linf',
      epsilon,
      seed: 0,
      stream: 'pgd',
    });
    expect([...attacked.success]).toEqual([0, 0, 0]);
  });

  it('certifies nothing at a radius for which its bounds are too wide', async () => {
    const numbers = await measure(method, 0.3);
    for (const i of examples)
      expect(method.certifies(numbers.subarray(2 * i, 2 * i + 2), {}, { epsilon: 0.3 })).toBe(false);
  });
});

it.each([ibp, crown])('$id takes off what rounding can do: little, and more than it does', async (method) => {
  const epsilon = 0.01;
  const numbers = await measure(method, epsilon);
  for (const i of examples) {
    const exact = leadInFloat64(i, epsilon * (1 + 1e-6) + 2 ** -23);
    const [lead = 0, slack = 0] = numbers.subarray(2 * i, 2 * i + 2);
    if (method === ibp) expect(lead).toBeLessThan(exact);
    expect(lead).toBeGreaterThan(exact - 20 * slack);
  }
});

it('another backend agrees where it proves the same, and not with a lead that it cannot prove', () => {
  const recorded = Float64Array.of(2, 0.01);
  const agrees = (...again: number[]) => ibp.agrees(recorded, Float64Array.from(again), {});
  expect(agrees(2.009, 0.01)).toBe(true);
  expect(agrees(2.02, 0.01)).toBe(false);
  // Published when rounding was not taken off.
  expect(agrees(1.6, 0.01)).toBe(true);
  expect(agrees(1.4, 0.01)).toBe(false);
  expect(agrees(2, 0.011)).toBe(false);
  expect(ibp.agrees(Float64Array.of(0.02, 0.01), Float64Array.of(-0.001, 0.01), {})).toBe(false);
});

it('CROWN is at least as tight as intervals', async () => {
  const [intervals, linear] = [await measure(ibp, 0.01), await measure(crown, 0.01)];
  for (const i of examples) expect(linear[2 * i]).toBeGreaterThanOrEqual(intervals[2 * i] as number);
});

it('bounds that overflow certify nothing', async () => {
  const huge = new Float32Array(values['fc2.weight'] as Float32Array).fill(3e38);
  const tensors = architecture.parameters.map(({ name, shape }) => {
    return [name, { shape, data: name === 'fc2.weight' ? huge : (values[name] as Float32Array) }];
  });
  const files = { w: encodeSafetensors(Object.fromEntries(tensors)) };
  const context = {
    submission: { ...submission, files },
    x,
    y,
    examples,
    norm: 'Linf',
    epsilon: 0.01,
    seed: 0,
  } as const;
  const numbers = await ibp.measure(context, {});
  expect(numbers.every(Number.isFinite)).toBe(true);
  expect(ibp.certifies(numbers.subarray(0, 2), {}, { epsilon: 0.01 })).toBe(false);
});

/** Interval bounds of the net once more, in plain loops and float64: [16 4×4/2] [32 4×4] 100 10. */
function leadInFloat64(i: number, radius: number): number {
  const at = (name: string, k: number) => (values[name] as Float32Array)[k] as number;
  const image = Array.from(x.subarray(i * 784, (i + 1) * 784));
  let lower = image.map((v) => Math.max(0, v - radius));
  let upper = image.map((v) => Math.min(1, v + radius));
  /** One unit: a sum over inputs [index, weight]. */
  const bound = (bias: number, terms: Iterable<readonly [number, number]>): [number, number] => {
    let [low, high] = [bias, bias];
    for (const [k, w] of terms) {
      low += w * ((w > 0 ? lower[k] : upper[k]) as number);
      high += w * ((w > 0 ? upper[k] : lower[k]) as number);
    }
    return [low, high];
  };
  const step = (units: [number, number][]) => {
    [lower, upper] = [units.map(([low]) => Math.max(0, low)), units.map(([, high]) => Math.max(0, high))];
  };
  // Maps are kept channels first, as the file has them.
  const convolve = (name: string, side: number, inputs: number, filters: number, stride: number) => {
    const out = Math.floor((side - 4) / stride) + 1;
    const units: [number, number][] = [];
    for (let f = 0; f < filters; f++)
      for (let row = 0; row < out; row++)
        for (let column = 0; column < out; column++) {
          const terms: [number, number][] = [];
          for (let c = 0; c < inputs; c++)
            for (let dy = 0; dy < 4; dy++)
              for (let dx = 0; dx < 4; dx++) {
                const k = (c * side + row * stride + dy) * side + column * stride + dx;
                terms.push([k, at(`${name}.weight`, ((f * inputs + c) * 4 + dy) * 4 + dx)]);
              }
          units.push(bound(at(`${name}.bias`, f), terms));
        }
    step(units);
    return out;
  };
  const side = convolve('conv2', convolve('conv1', 28, 1, 16, 2), 16, 32, 1);
  const inputs = side * side * 32;
  const row = (name: string, unit: number, width: number) =>
    Array.from({ length: width }, (_, k) => [k, at(`${name}.weight`, unit * width + k)] as const);
  step(Array.from({ length: 100 }, (_, unit) => bound(at('fc1.bias', unit), row('fc1', unit, inputs))));
  const label = y[i] as number;
  const margins = Array.from({ length: 10 }, (_, k) => k)
    .filter((k) => k !== label)
    .map((k) => {
      const differences = row('fc2', k, 100).map(
        ([at_, w], n) => [at_, w - (row('fc2', label, 100)[n]?.[1] ?? 0)] as const,
      );
      return bound(at('fc2.bias', k) - at('fc2.bias', label), differences)[1];
    });
  return -Math.max(...margins);
}
