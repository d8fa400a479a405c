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
  cuda: [
    {
      project: 'tensorflow',
      version: '2.21.0',
      sha256: '9056fbc9ba04235810b71ae6cbd958a196e8804fb53bbcffbf3e23b56155f124',
      bytes: 572_440_367,
      members: [...libraries, ...headers],
    },
    {
      project: 'nvidia-cublas-cu12',
      version: '12.9.3.13',
      sha256: 'd7d51055f161b317c7105ddaae90e71eda059026074ffef93cf7cde2886bfe72',
      bytes: 581_217_458,
      members: ['nvidia/cublas/lib/'],
    },
    {
      project: 'nvidia-cuda-cupti-cu12',
      version: '12.8.90',
      sha256: 'ea0cb07ebda26bb9b29ba82cda34849e73c166c18162d3913575b0c9db9a6182',
      bytes: 10_248_621,
      members: ['nvidia/cuda_cupti/lib/'],
    },
    {
      project: 'nvidia-cuda-nvcc-cu12',
      version: '12.9.86',
      sha256: '5d6a0d32fdc7ea39917c20065614ae93add6f577d840233237ff08e9a38f58f0',
      bytes: 40_546_229,
      members: ['nvidia/cuda_nvcc/bin/ptxas', 'nvidia/cuda_nvcc/nvvm/'],
    },
    {
      project: 'nvidia-cuda-nvrtc-cu12',
      version: '12.9.86',
      sha256: '210cf05005a447e29214e9ce50851e83fc5f4358df8b453155d5e1918094dcb4',
      bytes: 89_568_129,
      members: ['nvidia/cuda_nvrtc/lib/'],
    },
    {
      project: 'nvidia-cuda-runtime-cu12',
      version: '12.9.79',
      sha256: '25bba2dfb01d48a9b59ca474a1ac43c6ebf7011f1b0b8cc44f54eb6ac48a96c3',
      bytes: 3_493_179,
      members: ['nvidia/cuda_runtime/lib/'],
    },
    {
      project: 'nvidia-cudnn-cu12',
      version: '9.28.0.42',
      sha256: '9ff58b7f36dacd0a93e89f8f2957b52466889217963701daa15e577317cfa375',
      bytes: 716_538_495,
      members: ['nvidia/cudnn/lib/'],
    },
    {
      project: 'nvidia-cufft-cu12',
      version: '11.4.1.4',
      sha256: 'c67884f2a7d276b4b80eb56a79322a95df592ae5e765cf1243693365ccab4e28',
      bytes: 200_877_592,
      members: ['nvidia/cufft/lib/'],
    },
    {
      project: 'nvidia-curand-cu12',
      version: '10.3.10.19',
      sha256: '49b274db4780d421bd2ccd362e1415c13887c53c214f0d4b761752b8f9f6aa1e',
      bytes: 68_295_626,
      members: ['nvidia/curand/lib/'],
    },
    {
      project: 'nvidia-cusolver-cu12',
      version: '11.7.5.82',
      sha256: '15da72d1340d29b5b3cf3fd100e3cd53421dde36002eda6ed93811af63c40d88',
      bytes: 338_117_415,
      members: ['nvidia/cusolver/lib/'],
    },
    {
      project: 'nvidia-cusparse-cu12',
      version: '12.5.10.65',
      sha256: '73060ce019ac064a057267c585bf1fd5a353734151f87472ff02b2c5c9984e78',
      bytes: 366_465_088,
      members: ['nvidia/cusparse/lib/'],
    },
    {
      project: 'nvidia-nccl-cu12',
      version: '2.32.3',
      sha256: 'bb94b2348e4861d5e8aa00b36c3d12d9bdf9c6369b82cbb723de0b582280a21c',
      bytes: 351_526_311,
      members: ['nvidia/nccl/lib/'],
    },
    {
      project: 'nvidia-nvjitlink-cu12',
      version: '12.9.86',
      sha256: 'e3f1171dbdc83c5932a45f0f4c99180a70de9bd2718c1ab77d14104f6d7147f9',
      bytes: 39_748_338,
      members: ['nvidia/nvjitlink/lib/'],
    },
  ],
};

/** Room that an installation takes once it is unpacked. */
export const installedBytes: Readonly<Record<Flavour, number>> = { cpu: 860_000_000, cuda: 5_700_000_000 };
