import type { DescentOptions } from './options.ts';

/** Share of a one-cycle schedule in which the rate rises. */
const RISING = 0.4;

/**
 * Learning rate and momentum at a time of a phase.
 *
 * Sources: cosine: Loshchilov & Hutter, "SGDR", ICLR 2017, https://arxiv.org/abs/1608.03983, equation 5 without restarts; one-cycle: Smith,
 * "Super-Convergence", 2017, https://arxiv.org/abs/1708.07120, in the form of Wong et al., https://arxiv.org/abs/2001.03994: from 0 in a
 * straight line up to the rate over the first 40 % of the epochs, and down to 0 over the rest.
 * @param epochs of the phase
 * @param time epochs that are done, with the fraction of the present one
 */
export function ratesAt(options: DescentOptions, epochs: number, time: number) {
  const scale = options.decay ** Math.floor(Math.floor(time) / options.decayDelay);
  return {
    learningRate: options.learningRate * scale * shapeAt(options, epochs, time),
    momentum: options.momentum * scale,
  };
}

function shapeAt({ schedule, annealEpochs }: DescentOptions, epochs: number, time: number): number {
  const done = time / epochs;
  if (schedule === 'cosine') return (1 + Math.cos(Math.PI * done)) / 2;
  if (schedule === 'one-cycle') return Math.min(done / RISING, (1 - done) / (1 - RISING));
  return annealEpochs === 0 ? 1 : Math.min(1, (epochs - time) / Math.min(annealEpochs, epochs));
}
