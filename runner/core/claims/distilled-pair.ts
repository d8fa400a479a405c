import type { SubmittedNet } from './experiment.ts';

/**
 * The nets of the board without distillation and with it, at T = 100: the same layers, epochs and images. Steps of the plain one are a tenth
 * as long, 0.01 for 0.1, because its training does not settle at more.
 */
export const undistilled: SubmittedNet = { id: 'undistilled', submission: 'Undefended' };
export const distilled: SubmittedNet = { id: 'distilled', submission: 'Papernot2016Distillation' };
export const distilledPair: readonly SubmittedNet[] = [undistilled, distilled];
