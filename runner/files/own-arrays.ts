/** Images and labels of a person's own as arrays: `x` and `y` of an .npz or a .safetensors file. */
import type { Examples } from '#core/datasets/dataset.ts';
import { pixelValues } from '#core/datasets/pixels.ts';
import { ParapetError } from '#core/errors.ts';
import type { Classifier } from '#core/models/classifier.ts';
import { decodeSafetensors } from '#core/models/safetensors.ts';
import { decodeNpy, type NumberArray } from './npy.ts';
import { readZip } from './zip.ts';

export interface OwnArrays {
  readonly count: number;
  /** [height, width, channels] of an image, as far as the order of its axes can be told without a model. */
  readonly shape: Classifier['inputShape'];
  readonly y: Int32Array;
  /**
   * @param limit at most so many examples from the start
   * @param inputShape what the model takes
   * @throws ParapetError 'usage' when the images have another shape
   */
  load(limit: number, inputShape: Classifier['inputShape']): Examples;
}

/** @throws ParapetError 'usage' that names the array, what came and what was wanted */
export function readOwnArrays(bytes: Uint8Array, path: string): OwnArrays {
  const { x, y } = path.toLowerCase().endsWith('.npz') ? fromNpz(bytes, path) : fromSafetensors(bytes, path);
  const refuse = (what: string, hint?: string): never => {
    throw new ParapetError('usage', `${path}: ${what}`, hint);
  };
  const shape = x.shape.length === 3 ? [...x.shape, 1] : x.shape;
  if (shape.length !== 4) {
    refuse(
      `x has shape [${x.shape}]; wanted [n, height, width, channels] or [n, channels, height, width]`,
      'x.reshape(n, height, width, channels), or channels first if the values lie so',
    );
  }
  if (shape.includes(0)) refuse(`x has shape [${x.shape}], which holds no value`, 'save at least one image');
  const [count, ...form] = shape as [number, number, number, number];
  if (y.shape.length !== 1 || y.shape[0] !== count) {
    const oneHot = y.shape.length === 2 && y.shape[0] === count;
    refuse(
      `y has shape [${y.shape}]; wanted [${count}], one class for each image`,
      oneHot ? 'y.argmax(1)' : `x holds ${count} images: save the classes of these, in their order`,
    );
  }
  const labels = labelsOf(y, refuse);
  return {
    count,
    shape: orderOf(form, null) === 'last' ? [form[0], form[1], form[2]] : [form[1], form[2], form[0]],
    y: labels,
    load(limit, inputShape) {
      const order = orderOf(form, inputShape);
      if (order === null) {
        return refuse(
          `x holds images of ${form.join(' × ')}; the model takes ${inputShape.join(' × ')} (height, width, channels)`,
          'resize the images to what the model was trained on',
        );
      }
      const some = Math.min(limit, count);
      const values = pixelsOf(x, some * form[0] * form[1] * form[2], refuse);
      return {
        x: order === 'last' ? values : channelsLast(values, some, form),
        y: labels.slice(0, some),
        count: some,
      };
    },
  };
}

function fromNpz(bytes: Uint8Array, path: string): { x: NumberArray; y: NumberArray } {
  const entries = readZip(bytes, path);
  const read = (name: string) => {
    const entry = entries.get(`${name}.npy`);
    if (entry !== undefined) return decodeNpy(entry(), `${path}: ${name}`);
    const names = [...entries.keys()].map((key) => key.replace(/\.npy$/, ''));
    return refuseMissing(path, name, names, 'np.savez(path, x=images, y=labels)');
  };
  return { x: read('x'), y: read('y') };
}

function fromSafetensors(bytes: Uint8Array, path: string): { x: NumberArray; y: NumberArray } {
  const { tensors } = decodeSafetensors(bytes);
  const read = (name: string): NumberArray => {
    const tensor = tensors.get(name);
    if (tensor === undefined) {
      return refuseMissing(path, name, [...tensors.keys()], 'save_file({"x": images, "y": labels}, path)');
    }
    const { data, shape, dtype } = tensor;
    if (data instanceof Uint8Array) return { kind: 'byte', shape, data };
    const values = data instanceof BigInt64Array ? Float64Array.from(data, Number) : Float64Array.from(data);
    return { kind: dtype.startsWith('F') ? 'float' : 'int', shape, data: values };
  };
  return { x: read('x'), y: read('y') };
}

function refuseMissing(path: string, name: string, names: readonly string[], hint: string): never {
  const came = names.length === 0 ? 'it is empty' : `it holds ${names.slice(0, 10).join(', ')}`;
  throw new ParapetError(
    'usage',
    `${path}: there is no '${name}'; ${came}`,
    `wanted x (images) and y (classes): ${hint}`,
  );
}

type Refuse = (what: string, hint?: string) => never;

function labelsOf({ kind, data }: NumberArray, refuse: Refuse): Int32Array {
  if (kind === 'float') refuse('y holds floats; wanted whole numbers, the class of each image', 'y.astype("int64")');
  const bad = data.findIndex((label) => !(label >= 0 && label < 2 ** 31));
  if (bad >= 0)
    refuse(`y[${bad}] is ${data[bad]}; wanted a class from 0`, 'leave out images without a class, and count from 0');
  return Int32Array.from(data);
}

/** Where the channels stand: as the model takes them, else where there are 1 or 3; null when nothing fits. */
function orderOf(form: readonly number[], inputShape: Classifier['inputShape'] | null): 'last' | 'first' | null {
  const [first = 0, second = 0, third = 0] = form;
  if (inputShape !== null) {
    const wanted = inputShape.join();
    if ([first, second, third].join() === wanted) return 'last';
    return [second, third, first].join() === wanted ? 'first' : null;
  }
  return third === 1 || third === 3 || !(first === 1 || first === 3) ? 'last' : 'first';
}

/** @returns pixels in [0, 1] of the first so many values */
function pixelsOf({ kind, data }: NumberArray, length: number, refuse: Refuse): Float32Array {
  if (kind === 'byte') return pixelValues((data as Uint8Array).subarray(0, length));
  if (kind === 'int')
    return refuse('x holds whole numbers; wanted uint8 from 0 to 255, or floats from 0 to 1', 'x.astype("uint8")');
  const pixels = Float32Array.from(data.subarray(0, length));
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const [i, value] of pixels.entries()) {
    if (!Number.isFinite(value))
      return refuse(
        `x holds a value that is not finite, the first at position ${i}`,
        'np.isfinite(x) shows which; mend or leave out those images',
      );
    least = Math.min(least, value);
    most = Math.max(most, value);
  }
  if (least >= 0 && most <= 1) return pixels;
  const hint =
    least < 0
      ? 'give the images before mean and standard deviation are taken off, and put those into the model'
      : 'divide by 255, or save them as uint8';
  return refuse(`x holds values from ${short(least)} to ${short(most)}; wanted pixels from 0 to 1`, hint);
}

const short = (value: number): string => String(Number(value.toPrecision(4)));

function channelsLast(values: Float32Array, count: number, form: readonly number[]): Float32Array {
  const [channels = 0, height = 0, width = 0] = form;
  const plane = height * width;
  const result = new Float32Array(values.length);
  for (let image = 0; image < count; image++) {
    const start = image * plane * channels;
    for (let c = 0; c < channels; c++) {
      for (let i = 0; i < plane; i++) result[start + i * channels + c] = values[start + c * plane + i] as number;
    }
  }
  return result;
}
