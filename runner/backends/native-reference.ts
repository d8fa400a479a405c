/** For tests: convolutions of 3×3 with stride 1 in 64 bits, in the order of the definition, and TensorFlow's own. */
import * as tf from '@tensorflow/tfjs';

export type Shape = [number, number, number, number];
type Pads = readonly [top: number, bottom: number, left: number, right: number];

/** Normal values, the same for the same seed. */
export function normal(shape: readonly number[], seed: number): Float32Array {
  return tf.tidy(
    () =>
      tf
        .randomNormal([...shape], 0, 1, 'float32', seed)
        .dataSync()
        .slice() as Float32Array,
  );
}

/** The largest difference, relative to the largest wanted value; NaN where there is one. */
export function error(actual: ArrayLike<number>, wanted: ArrayLike<number>): number {
  if (actual.length !== wanted.length) throw new Error(`${actual.length} values came, wanted ${wanted.length}`);
  let [worst, scale] = [0, 0];
  for (let i = 0; i < wanted.length; i++) {
    const difference = Math.abs((wanted[i] as number) - (actual[i] as number));
    worst = difference <= worst ? worst : difference;
    scale = Math.max(scale, Math.abs(wanted[i] as number));
  }
  return worst / scale;
}

/** Calls visit(place of the output, tap, place of the input) for every product; places count pixels, not channels. */
function everyProduct([batch, height, width]: Shape, pads: Pads, visit: (y: number, tap: number, x: number) => void) {
  const [rows, columns] = [height + pads[0] + pads[1] - 2, width + pads[2] + pads[3] - 2];
  for (let place = 0; place < batch * rows * columns; place++) {
    const image = Math.floor(place / (rows * columns));
    for (let tap = 0; tap < 9; tap++) {
      const r = (Math.floor(place / columns) % rows) - pads[0] + Math.floor(tap / 3);
      const s = (place % columns) - pads[2] + (tap % 3);
      if (r >= 0 && r < height && s >= 0 && s < width) visit(place, tap, (image * height + r) * width + s);
    }
  }
  return batch * rows * columns;
}

/** x ∗ filter [3, 3, in, out]. `turned`: the filter is [3, 3, out, in] and turned by 180°. */
export function reference(
  x: Float32Array,
  shape: Shape,
  filter: Float32Array,
  out: number,
  pads: Pads,
  turned = false,
): Float64Array {
  const channels = shape[3];
  const y = new Float64Array(everyProduct(shape, pads, () => {}) * out);
  everyProduct(shape, pads, (place, tap, from) => {
    for (let k = 0; k < channels; k++) {
      const value = x[from * channels + k] as number;
      for (let n = 0; n < out; n++) {
        const weight = turned ? (8 - tap) * out * channels + n * channels + k : (tap * channels + k) * out + n;
        y[place * out + n] = (y[place * out + n] as number) + value * (filter[weight] as number);
      }
    }
  });
  return y;
}

/** Gradient of the filter [3, 3, in, out] for dy, the gradient of x ∗ filter. */
export function filterGradient(
  x: Float32Array,
  shape: Shape,
  dy: Float32Array,
  [, , , out]: Shape,
  pads: Pads,
): Float64Array {
  const channels = shape[3];
  const gradient = new Float64Array(9 * channels * out);
  everyProduct(shape, pads, (place, tap, from) => {
    for (let k = 0; k < channels; k++) {
      const value = x[from * channels + k] as number;
      for (let n = 0; n < out; n++) {
        const weight = (tap * channels + k) * out + n;
        gradient[weight] = (gradient[weight] as number) + value * (dy[place * out + n] as number);
      }
    }
  });
  return gradient;
}

/** TensorFlow's own convolution without padding, which a kernel of ours stands in front of. */
export function stock(x: tf.Tensor, filter: tf.Tensor): tf.Tensor {
  const backend = tf.backend() as unknown as {
    binding: Record<'TF_ATTR_TYPE' | 'TF_FLOAT' | 'TF_ATTR_INT' | 'TF_ATTR_STRING', number>;
    executeSingleOutput(op: string, attributes: object[], inputs: tf.Tensor[]): tf.Tensor;
  };
  const { TF_ATTR_TYPE, TF_FLOAT, TF_ATTR_INT, TF_ATTR_STRING } = backend.binding;
  const attributes = [
    { name: 'T', type: TF_ATTR_TYPE, value: TF_FLOAT },
    { name: 'strides', type: TF_ATTR_INT, value: [1, 1, 1, 1] },
    { name: 'padding', type: TF_ATTR_STRING, value: 'VALID' },
  ];
  return backend.executeSingleOutput('Conv2D', attributes, [x, filter]);
}
