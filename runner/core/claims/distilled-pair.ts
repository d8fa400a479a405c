import type { SubmittedNet } from './experiment.ts';

/** The two nets of the board that differ by defensive distillation at T = 100 alone. */
export const undistilled: SubmittedNet = { id: 'undistilled', submission: 'Undefended' };
export const distilled: SubmittedNet = { id: 'distilled', submission: 'Papernot2016Distillation' };
export const distilledPair: readonly SubmittedNet[] = [undistilled, distilled];
