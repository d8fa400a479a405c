import type { Track } from '#core/tracks.ts';

const names = { mnist: 'MNIST', 'fashion-mnist': 'Fashion-MNIST', cifar10: 'CIFAR-10' } as const;

/** What the attacker of a track may do, in a sentence. Pixels run from 0 to 1. */
export function measure({ dataset, norm, epsilon }: Track): string {
  const name = names[dataset];
  switch (norm) {
    case 'Linf':
      return `${name}; the attacker may change every pixel by at most ${size(epsilon)} of its range.`;
    case 'L2':
      return `${name}; the attacker's changes, taken as one vector, may have a length of at most ${size(epsilon)} (pixels run from 0 to 1).`;
    case 'L1':
      return `${name}; the attacker's changes may add up to at most ${size(epsilon)} (pixels run from 0 to 1).`;
    case 'L0':
      return `${name}; the attacker may change at most ${epsilon} values of an image, each as far as it likes.`;
  }
}

/** A radius as people write it: 8/255 and not 0.03137. */
export function size(epsilon: number): string {
  const levels = epsilon * 255;
  return Math.abs(levels - Math.round(levels)) < 1e-9 && levels < 128 && !Number.isInteger(epsilon)
    ? `${Math.round(levels)}/255`
    : String(Number(epsilon.toPrecision(6)));
}

/** Norms as they are written. */
export const normNames = { Linf: 'L∞', L2: 'L2', L1: 'L1', L0: 'L0' } as const;
