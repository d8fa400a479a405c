import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { linearOnnx } from '../../files/testing/onnx.ts';
import { exampleRandom } from '../random.ts';
import type { Model as Declared } from '../submission-models.ts';
import { untrainedGenerator } from '../testing/generator.ts';
import { encodeModel, type Model, type Node, tensor, valueInfo } from '../testing/onnx/encode.ts';
import { openSubmission } from './open-submission.ts';
import { encodeSafetensors } from './safetensors.ts';

/** Images of 2 × 2 with three channels, and three classes. */
const FORM = { inputShape: [2, 2, 3], classes: 3 } as const;
const [AREA, CHANNELS, CLASSES, COUNT] = [4, 3, 3, 16];
const SIZE = AREA * CHANNELS;
const sha256 = 'a'.repeat(64);

beforeAll(() => tf.setBackend('cpu'));

const random = exampleRandom(1, 'open');
/** [values × classes], values channel after channel. */
const weights = [...random.normal([0], 0, SIZE * CLASSES)];
/** [COUNT × h × w × c] */
const images = random.uniform([0], 1, COUNT * SIZE);

/** A graph: flattened images times a matrix, with operators before and behind. */
function graph(before: readonly Node[] = [], behind: readonly Node[] = [], more: Partial<Model> = {}): Uint8Array {
  return encodeModel({
    nodes: [
      ...before,
      { op: 'Flatten', inputs: [before.length === 0 ? 'x' : 'first'], outputs: ['rows'] },
      { op: 'MatMul', inputs: ['rows', 'w'], outputs: [behind.length === 0 ? 'y' : 'scores'] },
      ...behind,
    ],
    initializers: [tensor('w', [SIZE, CLASSES], weights), tensor('c', [1, 1, 1, 1], [0.5])],
    inputs: [valueInfo('x', [null, CHANNELS, 2, 2])],
    outputs: [valueInfo('y', [null, CLASSES])],
    ...more,
  });
}

const softmax: Node = { op: 'Softmax', inputs: ['scores'], outputs: ['y'] };
/** Probabilities that no rule about the end of a graph knows. */
const byHand: Node[] = [
  { op: 'Exp', inputs: ['scores'], outputs: ['e'] },
  { op: 'LpNormalization', inputs: ['e'], outputs: ['y'], attributes: { axis: 1, p: 1 } },
];

function open(
  bytes: Uint8Array,
  declared: Partial<Pick<Declared, 'output' | 'preprocessing' | 'reference'>> = {},
  files: Record<string, Uint8Array> = {},
) {
  const model = { format: 'onnx', file: 'm.onnx', sha256, output: 'logits', ...declared } as Declared;
  return openSubmission({ form: FORM, models: [model], defenses: [], files: { 'm.onnx': bytes, ...files } });
}

const scoresOf = async (classifier: Awaited<ReturnType<typeof open>>) => [
  ...classifier.logits(tf.tensor4d(images, [COUNT, ...FORM.inputShape])).dataSync(),
];

/** The same net in plain numbers, of images after a change of each [h, w, c] value by its channel. */
function authors(change: (value: number, channel: number) => number = (value) => value, pick = (i: number) => i) {
  return Float32Array.from({ length: COUNT * CLASSES }, (_, at) => {
    const [image, k] = [Math.floor(at / CLASSES), at % CLASSES];
    let sum = 0;
    for (let i = 0; i < SIZE; i++) {
      const [place, channel] = [Math.floor(i / CHANNELS), i % CHANNELS];
      const value = change(images[image * SIZE + pick(i)] as number, channel);
      sum += value * (weights[(channel * AREA + place) * CLASSES + k] as number);
    }
    return sum;
  });
}

function referenceOf(scores: Float32Array, x = images, shape = [COUNT, 2, 2, CHANNELS]): Record<string, Uint8Array> {
  const file = encodeSafetensors({ x: { shape, data: x }, logits: { shape: [COUNT, CLASSES], data: scores } });
  return { 'r.safetensors': file };
}

const near = (a: readonly number[], b: Float32Array) => {
  for (const [i, value] of a.entries()) expect(value).toBeCloseTo(b[i] as number, 4);
};

const reference = { file: 'r.safetensors', sha256 };
const cifar = { mean: [0.4914, 0.4822, 0.4465], std: [0.247, 0.2435, 0.2616] };
const normalise = (value: number, channel: number) =>
  (value - (cifar.mean[channel] as number)) / (cifar.std[channel] as number);

describe('a graph', () => {
  it('answers as its authors’ net, preprocessed by channel where that is declared', async () => {
    near(await scoresOf(await open(graph())), authors());
    near(await scoresOf(await open(graph(), { preprocessing: cifar })), authors(normalise));
  });

  it('that shifts or scales by constants itself is not preprocessed twice', async () => {
    for (const op of ['Sub', 'Div', 'Mul']) {
      const file = graph([{ op, inputs: ['x', 'c'], outputs: ['first'] }]);
      await open(file);
      await expect(open(file, { preprocessing: cifar })).rejects.toMatchObject({
        kind: 'submission',
        message: expect.stringMatching(
          new RegExp(`^model\\.preprocessing: the graph begins with a ${op} by constants`),
        ),
      });
    }
    const file = graph([{ op: 'Relu', inputs: ['x'], outputs: ['first'] }]);
    await expect(open(file, { preprocessing: cifar })).resolves.toBeDefined();
  });

  it('gives what it is declared to give', async () => {
    await expect(open(graph(), { output: 'probabilities' })).rejects.toThrow(
      /^model\.output: says probabilities; the scores/,
    );
    await expect(open(graph([], [softmax]))).rejects.toThrow(
      /^model\.output: says logits; the graph ends in a softmax/,
    );
    await expect(open(graph([], byHand))).rejects.toThrow(
      /^model\.output: says logits; what comes out are probabilities/,
    );
    const logits = authors();
    const left = await scoresOf(await open(graph([], [softmax]), { output: 'probabilities' }));
    near(left, logits);
    // The logarithms of probabilities are the logits, shifted for each image.
    const logs = await scoresOf(await open(graph([], byHand), { output: 'probabilities' }));
    expect((logs[0] as number) - (logs[1] as number)).toBeCloseTo((logits[0] as number) - (logits[1] as number), 4);
  });

  it('is given to its defenses with their files, whose mistakes are theirs', async () => {
    const form = { inputShape: [4, 4, 1], classes: 3 } as const;
    const model = { format: 'onnx', file: 'm.onnx', sha256, output: 'logits' } as Declared;
    const net = linearOnnx({
      inputShape: form.inputShape,
      weights: new Float32Array(48).fill(1),
      bias: new Float32Array(3),
    });
    const opened = (file: Uint8Array) =>
      openSubmission({
        ...{ form, models: [model], files: { 'm.onnx': net, 'g.safetensors': file } },
        defenses: [{ id: 'defense-gan', options: { steps: 1 }, file: 'g.safetensors' }],
      });
    expect((await opened(untrainedGenerator(form.inputShape))).drawing).toBeDefined();
    await expect(opened(untrainedGenerator([8, 8, 1]))).rejects.toThrow(/^defenses\.0\.file: weights do not fit/);
    await expect(opened(new Uint8Array(9))).rejects.toMatchObject({ kind: 'submission' });
  });

  it('that does not fit the data set is refused, and so are weights in another file', async () => {
    const wide = { ...FORM, classes: 10 };
    const model = { format: 'onnx', file: 'm.onnx', sha256, output: 'logits' } as Declared;
    await expect(
      openSubmission({ form: wide, models: [model], defenses: [], files: { 'm.onnx': graph() } }),
    ).rejects.toThrow(/^model: takes images of 2 × 2 × 3 and gives 3 scores; its data set has .* and 10 classes/);
    await expect(open(Uint8Array.of(1, 2, 3))).rejects.toThrow(/^model: ONNX/);
  });
});

describe('a reference', () => {
  it('agrees, with images in either order', async () => {
    await open(graph(), { reference }, referenceOf(authors()));
    const first = images.map((_, i) => {
      const [image, channel, place] = [Math.floor(i / SIZE), Math.floor(i / AREA) % CHANNELS, i % AREA];
      return images[image * SIZE + place * CHANNELS + channel] as number;
    });
    await open(graph(), { reference }, referenceOf(authors(), first, [COUNT, CHANNELS, 2, 2]));
    await open(graph(), { reference, preprocessing: cifar }, referenceOf(authors(normalise)));
  });

  const flipped = (i: number) => i - (i % CHANNELS) + (CHANNELS - 1 - (i % CHANNELS));
  /** The place in an image of which the values lie one channel after another. */
  const unfolded = (i: number) => (i % CHANNELS) * AREA + Math.floor(i / CHANNELS);
  const upright = (i: number) => ([0, 2, 1, 3][Math.floor(i / CHANNELS)] as number) * CHANNELS + (i % CHANNELS);
  const softmaxed = () => Float32Array.from(tf.softmax(tf.tensor2d(authors(), [COUNT, CLASSES])).dataSync());
  it.each([
    [
      'no mean and std',
      {},
      () => authors(normalise),
      /mean and std are missing; with those of CIFAR-10/,
      /mean: \[0\.4914/,
    ],
    [
      'both twice',
      { preprocessing: cifar },
      () => authors(),
      /mean and std are applied twice/,
      /leave model\.preprocessing/,
    ],
    ['0 to 255', {}, () => authors((value) => 255 * value), /takes images from 0 to 255/, /std: \[0\.0039/],
    ['BGR', {}, () => authors(undefined, flipped), /red and blue are exchanged/, /exchange them/],
    ['NCHW', {}, () => authors(undefined, unfolded), /NCHW was read as NHWC/, /permute\(0, 2, 3, 1\)/],
    ['turned', {}, () => authors(undefined, upright), /height and width are exchanged/, /upright/],
    ['softmax', {}, softmaxed, /after a softmax/, /save what the net gives before it/],
    ['another net', {}, () => authors((value) => value ** 2), /^(?!.*Likely)/, /none of the usual mistakes/],
  ] as const)('that differs names the likely cause: %s', async (_, declared, scores, cause, hint) => {
    await expect(open(graph(), { ...declared, reference } as never, referenceOf(scores()))).rejects.toMatchObject({
      kind: 'submission',
      message: expect.stringMatching(/^model\.reference: r\.safetensors: the scores of image \d+ differ by [\d.e+]+ %/),
      hint: expect.stringMatching(hint),
    });
    await expect(open(graph(), { ...declared, reference } as never, referenceOf(scores()))).rejects.toThrow(cause);
  });

  it.each([
    [
      'x of another size',
      referenceOf(authors(), images, [COUNT, 4, 1, 3]),
      /x has shape \[16,4,1,3\]; wanted \[16, 2, 2, 3\]/,
    ],
    [
      'images from 0 to 255',
      referenceOf(
        authors(),
        images.map((v) => 255 * v),
      ),
      /wanted images in \[0, 1\].* from 0 to 255/,
    ],
    [
      'normalised ones',
      referenceOf(
        authors(),
        images.map((v) => v - 0.5),
      ),
      /wanted images in \[0, 1\].*normalised already/,
    ],
    ['no scores', { 'r.safetensors': encodeSafetensors({}) }, /has no 'x'/],
  ])('with %s is refused', async (_, files, message) => {
    await expect(open(graph(), { reference }, files)).rejects.toThrow(message);
  });
});
