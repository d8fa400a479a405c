import type { Taken } from '../times.ts';

/** The nets that are compared, and how many images at once: a fifth of a second or so a gradient. */
export interface ImportNet {
  readonly architecture: string;
  readonly batch: number;
}

export const importNets: readonly ImportNet[] = [
  { architecture: 'papernot-mnist', batch: 128 },
  { architecture: 'lenet-mnist', batch: 256 },
  { architecture: 'papernot-cifar10', batch: 32 },
  { architecture: 'resnet-18-cifar10', batch: 8 },
  { architecture: 'vit-tiny-cifar10', batch: 16 },
];

export const passes = ['forward', 'gradient'] as const;
export type Pass = (typeof passes)[number];

/** Files of one net, as the processes read them. */
export interface NetFiles {
  readonly architecture: string;
  /** The zoo's weights, safetensors. */
  readonly weights: string;
  /** `x` [batch, height, width, channels] and `y` [batch], safetensors. */
  readonly images: string;
  /** What PyTorch exports. */
  readonly onnx: string;
}

/** What a process is asked for: one pass of one of its nets. */
export interface Request {
  readonly architecture: string;
  /** The zoo's net or the imported one; PyTorch has one net only. */
  readonly source: 'zoo' | 'import' | 'torch';
  readonly pass: Pass;
}

/** Values of a result that are sent along. */
export const SAMPLE = 40;

/** What it says: how long that took, and the first scores or the first values of the gradient, to see that all nets are the same. */
export interface Response extends Taken {
  readonly sample: readonly number[];
}
