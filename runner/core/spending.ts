import type { GradientModel } from './gradients.ts';

/** Told now and then what a task has asked of models since it was last told, in gradients. */
export type Spent = (gradients: number) => void;

/** A forward pass by itself, in gradients. */
const FORWARD = 1 / 3;

/** @returns a function that tells what the models were asked since it was last called */
export function spending(models: readonly Pick<GradientModel, 'counts'>[], spent: Spent = () => {}): () => void {
  let told = 0;
  return () => {
    let total = 0;
    for (const { counts } of models) {
      total += counts.gradientCalls + FORWARD * Math.max(0, counts.forwardCalls - counts.gradientCalls);
    }
    spent(total - told);
    told = total;
  };
}
