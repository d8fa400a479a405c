import type { Taken } from '../times.ts';

/** The nets that are trained, and the radius that PGD has on their data set. */
export const trainedNets = [
  { architecture: 'papernot-mnist', epsilon: 0.3 },
  { architecture: 'papernot-cifar10', epsilon: 8 / 255 },
  { architecture: 'gowal-small-mnist', epsilon: 0.3 },
] as const;

/** Steps of gradient descent on a batch, or on the images that ten steps of PGD make of it. */
export const kinds = ['standard', 'pgd-10'] as const;
export type Kind = (typeof kinds)[number];

/** What both sides do: momentum, no dropout, no penalty. */
export const recipe = {
  batch: 128,
  learningRate: 0.01,
  momentum: 0.9,
  attackSteps: 10,
  relativeStepSize: 0.25,
} as const;

/** How many steps are timed as one. */
export const stepsOf: Readonly<Record<Kind, number>> = { standard: 4, 'pgd-10': 1 };

/** One net, as the processes read it. */
export interface TrainedFiles {
  readonly architecture: string;
  readonly epsilon: number;
  /** Where training starts, safetensors. */
  readonly weights: string;
  /** `x` [batch, height, width, channels] and `y` [batch], safetensors. */
  readonly images: string;
}

export interface Request {
  readonly architecture: string;
  readonly kind: Kind;
}

/** Time of the steps, from the start weights each time, and their mean loss, to see that both sides train alike. */
export interface Response extends Taken {
  readonly loss: number;
}
