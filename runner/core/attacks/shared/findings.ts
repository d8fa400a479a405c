import * as tf from '@tensorflow/tfjs';

/** The image to hand back for each row of a batch: the clean one until another is stored. */
export interface Findings {
  /** Rows that are not settled yet, in batch order. */
  open(): Int32Array;
  /**
   * Stores images of rows.
   * @param images the images at work, [rows.length × size]
   * @param rows which row of the batch each of them is
   * @param chosen 1 for those to store; they are settled
   */
  settle(images: Float32Array, rows: Int32Array, chosen: Uint8Array): void;
  /** Stores an image of one row without settling it. */
  store(row: number, image: Float32Array): void;
  /** @returns images of the whole batch; the caller disposes of them */
  toTensor(): tf.Tensor4D;
}

export async function findings(x: tf.Tensor4D): Promise<Findings> {
  const images = (await x.data<'float32'>()).slice();
  const settled = new Uint8Array(x.shape[0]);
  const size = x.size / x.shape[0];
  const store = (row: number, image: Float32Array) => images.set(image, row * size);
  return {
    open: () => Int32Array.from([...settled.keys()].filter((row) => settled[row] === 0)),
    settle(found, rows, chosen) {
      for (const [i, row] of rows.entries()) {
        if (chosen[i] !== 1) continue;
        store(row, found.subarray(i * size, (i + 1) * size));
        settled[row] = 1;
      }
    },
    store,
    toTensor: () => tf.tensor4d(images.slice(), x.shape),
  };
}
