/** An ONNX file as a classifier: which of its inputs takes the images and in what order, and which of its outputs are the scores. */
import * as tf from '@tensorflow/tfjs';
import type { Classifier } from '../classifier.ts';
import type { OnnxValueInfo } from './message-value-info.ts';
import { decodeModel, type OnnxModel } from './messages.ts';
import { normalisation } from './normalisation.ts';
import { compile } from './program.ts';
import { refuse } from './refuse.ts';
import { scoresOf } from './scores.ts';
import type { ReadExternal } from './tensor-data.ts';
import { deviceValue, plain, type Value } from './value.ts';

type InputShape = Classifier['inputShape'];

export interface OnnxOptions {
  /** [height, width, channels] of the images there are; needed where the file leaves them open. */
  readonly inputShape?: InputShape;
  /** Reads weights that lie beside the file; without it such a file is refused. */
  readonly readExternal?: ReadExternal;
}

export interface OnnxClassifier extends Classifier {
  /** What was decided about the file that it does not say: a sentence each. */
  readonly notes: readonly string[];
}

/** How images are handed over. */
type Layout = 'channels-first' | 'channels-last' | 'rows' | 'grey';

/**
 * @param bytes a whole .onnx file
 * @throws ParapetError 'submission' that says what is wrong with it
 */
export function loadOnnx(bytes: Uint8Array, options: OnnxOptions = {}): OnnxClassifier {
  const model = decodeModel(bytes);
  const notes: string[] = [];
  const input = inputOf(model);
  const { layout, inputShape } = layoutOf(input, options.inputShape, notes);
  const scores = scoresOf(model, notes);
  const program = compile(scores.model, [input.name], scores.output, options.readExternal ?? null);
  try {
    const forward = (x: tf.Tensor4D): tf.Tensor2D => {
      const value = program.run(new Map([[input.name, handedOver(x, layout)]]));
      return plain(value) as tf.Tensor2D;
    };
    const { classes, batch } = tryOut(forward, inputShape, input.dims?.[0] ?? null, notes);
    return {
      inputShape,
      classes,
      notes,
      ends: { normalises: normalisation(model.graph, input.name), softmax: scores.softmax },
      logits: (x) => tf.tidy(() => (batch === null ? own(forward(x), x) : looped(forward, x, batch))),
      dispose: () => program.dispose(),
    };
  } catch (error) {
    program.dispose();
    throw error;
  }
}

/** A result that is the caller's: never the input or a constant itself. */
function own(scores: tf.Tensor2D, x: tf.Tensor): tf.Tensor2D {
  return (scores as tf.Tensor) === x ? tf.clone(scores) : scores;
}

function inputOf({ graph }: OnnxModel): OnnxValueInfo {
  const inputs = graph.inputs.filter(({ name }) => !graph.initializers.has(name));
  const [only, ...others] = inputs;
  if (only === undefined || others.length > 0) {
    return refuse(
      `it has ${inputs.length} inputs (${inputs.map(({ name }) => name).join(', ')}); wanted one, the images`,
      'export a model of images alone',
    );
  }
  if (![1, 10, 11].includes(only.elementType)) {
    return refuse(
      `its input '${only.name}' is not of floats`,
      'export a model of float32 images in [0, 1]; scale whole numbers within the model',
    );
  }
  return only;
}

function layoutOf(
  { name, dims }: OnnxValueInfo,
  expected: InputShape | undefined,
  notes: string[],
): { layout: Layout; inputShape: InputShape } {
  const shown = dims === null ? 'no shape' : `[${dims.map((length) => length ?? '?').join(', ')}]`;
  const fail = (what: string, hint?: string) => refuse(`its input '${name}' has ${shown}; ${what}`, hint);
  if (dims === null) {
    if (expected === undefined) return fail('wanted [batch, channels, height, width]');
    return { layout: 'channels-first', inputShape: expected };
  }
  if (dims.length === 4) {
    const [, first, , last] = dims as [number | null, number | null, number | null, number | null];
    const channelsFirst = isChannels(first) && !(isChannels(last) && !isChannels(first));
    const channelsLast = !isChannels(first) && isChannels(last);
    const layout = channelsLast ? 'channels-last' : 'channels-first';
    if (!channelsFirst && !channelsLast && first !== null)
      return fail('wanted 1 or 3 channels, as [batch, channels, height, width]');
    const order = layout === 'channels-first' ? ([2, 3, 1] as const) : ([1, 2, 3] as const);
    const own = order.map((axis, i) => dims[axis] ?? expected?.[i] ?? null);
    if (own.includes(null)) return fail('its size is open, and so is what it is to be');
    const inputShape = own as unknown as InputShape;
    if (expected !== undefined && String(inputShape) !== String(expected)) {
      return fail(
        `the images are [${expected[2]}, ${expected[0]}, ${expected[1]}] (channels, height, width)`,
        'give images of the size that the model takes, or export it with height and width left open',
      );
    }
    return { layout, inputShape };
  }
  if (dims.length === 3) {
    const [height, width] = [dims[1] ?? expected?.[0], dims[2] ?? expected?.[1]];
    if (height === undefined || width === undefined) return fail('its size is open');
    return { layout: 'grey', inputShape: [height as number, width as number, 1] };
  }
  if (dims.length === 2) {
    const inputShape = expected ?? squareOf(dims[1] ?? null);
    if (inputShape === null) return fail('which images its rows stand for is not known');
    const values = inputShape.reduce((all, length) => all * length, 1);
    if (dims[1] !== null && dims[1] !== values) return fail(`an image has ${values} values`);
    if (inputShape[2] > 1) notes.push(`rows of ${values} values are taken as channel after channel`);
    return { layout: 'rows', inputShape };
  }
  return fail('wanted [batch, channels, height, width], or images in rows');
}

function isChannels(length: number | null): boolean {
  return length === 1 || length === 3;
}

/** The square image of one channel with so many values. */
function squareOf(values: number | null): InputShape | null {
  const side = Math.sqrt(values ?? Number.NaN);
  return Number.isInteger(side) ? [side, side, 1] : null;
}

function handedOver(x: tf.Tensor4D, layout: Layout): Value {
  const [batch, height, width, channels] = x.shape;
  switch (layout) {
    case 'channels-first':
      return deviceValue(x, true);
    case 'channels-last':
      return deviceValue(x);
    case 'grey':
      return deviceValue(tf.reshape(x, [batch, height, width]));
    case 'rows': {
      const ordered = channels === 1 ? x : tf.transpose(x, [0, 3, 1, 2]);
      return deviceValue(tf.reshape(ordered, [batch, height * width * channels]));
    }
  }
}

interface Tried {
  readonly classes: number;
  /** How many images it always takes; null where it takes any number. */
  readonly batch: number | null;
}

/** Runs a few images and looks at the scores: how many classes there are, and whether any number of images will do. */
function tryOut(
  forward: (x: tf.Tensor4D) => tf.Tensor2D,
  inputShape: InputShape,
  declared: number | null,
  notes: string[],
): Tried {
  const count = declared ?? 2;
  const images = tf.randomUniform([count + 1, ...inputShape], 0, 1, 'float32', 1) as tf.Tensor4D;
  try {
    const some = tf.tidy(() => {
      const scores = forward(tf.slice(images, 0, count));
      if (scores.rank !== 2 || scores.shape[0] !== count || scores.shape[1] < 2) {
        refuse(
          `its scores of ${count} images have the shape [${scores.shape}]; wanted [${count}, classes], two classes or more`,
          scores.shape[1] === 1 && scores.rank === 2
            ? 'one score z tells two classes apart: export torch.cat([torch.zeros_like(z), z], 1), before any sigmoid'
            : undefined,
        );
      }
      return { classes: scores.shape[1], values: scores.dataSync<'float32'>() };
    });
    if (!some.values.every(Number.isFinite))
      refuse(
        'its scores of random images are not finite',
        'look for NaN among the weights, and for a division or logarithm that images in [0, 1] take to its end',
      );
    const { classes } = some;
    if (declared === null) return { classes, batch: null };
    const more = () => tf.tidy(() => forward(images).dataSync<'float32'>());
    if (agrees(some.values, more, (count + 1) * classes)) return { classes, batch: null };
    notes.push(
      `it takes ${count} image${count === 1 ? '' : 's'} at a time and is run again and again; export it with a dynamic batch`,
    );
    return { classes, batch: count };
  } finally {
    images.dispose();
  }
}

/** Whether with another image beside them the images get the scores that they had. */
function agrees(before: Float32Array, again: () => Float32Array, length: number): boolean {
  let now: Float32Array;
  try {
    now = again();
  } catch {
    return false;
  }
  const size = Math.max(...before.map(Math.abs));
  return now.length === length && before.every((value, i) => Math.abs(value - (now[i] as number)) <= 1e-4 * size);
}

/** So many images at a time, the last ones filled up with black. */
function looped(forward: (x: tf.Tensor4D) => tf.Tensor2D, x: tf.Tensor4D, batch: number): tf.Tensor2D {
  const [count] = x.shape;
  const parts: tf.Tensor2D[] = [];
  for (let first = 0; first < count; first += batch) {
    const some = Math.min(batch, count - first);
    const part = tf.slice(x, first, some);
    const whole =
      some === batch
        ? part
        : tf.pad(part, [
            [0, batch - some],
            [0, 0],
            [0, 0],
            [0, 0],
          ]);
    const scores = forward(whole as tf.Tensor4D);
    parts.push(some === batch ? scores : tf.slice(scores, 0, some));
  }
  return parts.length === 1 ? own(parts[0] as tf.Tensor2D, x) : tf.concat(parts, 0);
}
