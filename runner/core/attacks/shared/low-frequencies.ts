import type { Searched } from './label-search.ts';

/**
 * Images of low frequencies only: random combinations of the first cosines of each side, in every channel.
 *
 * @param shape of an image
 * @param share of the frequencies of each side that are kept; with 1 the values are returned as they came
 * @returns a function that turns images of independent values [count × size], in place, into as many of low frequencies; each
 * uses the first values of its image
 */
export function lowFrequencies([height, width, channels]: Searched['shape'], share: number) {
  const rows = Math.max(1, Math.ceil(share * height));
  const columns = Math.max(1, Math.ceil(share * width));
  const size = height * width * channels;
  if (rows === height && columns === width) return (images: Float32Array) => images;
  const [tall, wide] = [cosines(height, rows), cosines(width, columns)];
  const half = new Float64Array(rows * width);
  return (images: Float32Array) => {
    for (let start = 0; start < images.length; start += size) {
      const values = images.slice(start, start + rows * columns * channels);
      for (let c = 0; c < channels; c++) {
        const plane = values.subarray(c * rows * columns, (c + 1) * rows * columns);
        multiply(plane, wide, half, rows, columns, width);
        for (let i = 0; i < height; i++) {
          for (let j = 0; j < width; j++) {
            let sum = 0;
            for (let u = 0; u < rows; u++) {
              sum += (tall[u * height + i] as number) * (half[u * width + j] as number);
            }
            images[start + (i * width + j) * channels + c] = sum;
          }
        }
      }
    }
    return images;
  };
}

/** The first `count` cosines over `length` points, orthonormal: [count × length]. */
function cosines(length: number, count: number): Float64Array {
  return Float64Array.from({ length: count * length }, (_, index) => {
    const [u, i] = [Math.floor(index / length), index % length];
    return Math.sqrt((u === 0 ? 1 : 2) / length) * Math.cos((Math.PI * u * (2 * i + 1)) / (2 * length));
  });
}

/** out = a · b, with a [rows × inner] and b [inner × columns]. */
function multiply(a: Float32Array, b: Float64Array, out: Float64Array, rows: number, inner: number, columns: number) {
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      let sum = 0;
      for (let k = 0; k < inner; k++) sum += (a[i * inner + k] as number) * (b[k * columns + j] as number);
      out[i * columns + j] = sum;
    }
  }
}
