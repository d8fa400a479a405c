/** One file of a data set, as it lies in the cache. */
export interface DatasetFile {
  readonly name: string;
  readonly bytes: number;
  /** SHA-256 of the file, in hexadecimal. */
  readonly sha256: string;
}

export type Split = 'train' | 'test';

/** Images and their classes, in the order of the files. */
export interface Examples {
  /** Pixels in [0, 1]: byte / 255, float32 [count, height, width, channels], row-major. */
  readonly x: Float32Array;
  /** Classes [count]. */
  readonly y: Int32Array;
  readonly count: number;
}

/** A data set: what it is, and how its bytes become examples. How the bytes are fetched is `runner/files`' affair. */
export interface Dataset {
  readonly id: 'mnist' | 'fashion-mnist' | 'cifar10';
  readonly name: string;
  readonly shape: readonly [height: number, width: number, channels: number];
  readonly classNames: readonly string[];
  readonly paper: string;
  readonly counts: Readonly<Record<Split, number>>;
  readonly files: Readonly<Record<Split, readonly DatasetFile[]>>;
  /**
   * @param files the bytes of `files[split]`, in that order, verified by the caller
   * @param split which split they are of
   * @param limit at most so many examples from the start
   */
  decode(files: readonly Uint8Array[], split: Split, limit?: number): Examples;
}
