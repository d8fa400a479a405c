import type { Flavour } from './native-files.ts';

/** A Python wheel that holds libraries of ours, pinned to the byte. */
export interface Wheel {
  readonly project: string;
  readonly version: string;
  readonly sha256: string;
  readonly bytes: number;
  /** Paths in the wheel that we need; a folder ends in a slash. */
  readonly members: readonly string[];
}

/** What the compiler needs of TensorFlow's headers: its C interface. */
const headers = [
  'tensorflow/c/',
  'tensorflow/core/platform/',
  'tensorflow/core/common_runtime/next_pluggable_device/c/',
  'tsl/platform/',
  'xla/tsl/c/',
].map((folder) => `tensorflow/include/${folder}`);
const libraries = ['tensorflow/libtensorflow_cc.so.2', 'tensorflow/libtensorflow_framework.so.2'];

/**
 * The wheels of each flavour. Facts of the package index, found by `pip download` and `sha256sum`;
 * the CUDA libraries are those that TensorFlow's extra `and-cuda` names.
 */
export const wheels: Readonly<Record<Flavour, readonly Wheel[]>> = {
  cpu: [
    {
      project: 'tensorflow-cpu',
      version: '2.21.0',
      sha256: '2b847d217b02ee7731ed91431daf3250daa0196c3c94614d23be27232e6e5b6c',
      bytes: 273_829_956,
      members: [...libraries, ...headers],
    },
  ],
  cuda: [],
};
