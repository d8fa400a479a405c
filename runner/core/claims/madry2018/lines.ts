/** The attacks of the paper and of its challenges, for nets of MNIST and of CIFAR-10. */
import { fgsm } from '../../attacks/fgsm.ts';
import { pgd } from '../../attacks/pgd.ts';
import { transfer } from '../../attacks/transfer.ts';
import { share } from '../estimate.ts';
import type { ExperimentFigure } from '../experiment.ts';
import { type AttackLine, accuracyOf } from '../withstood.ts';

type Ball = Pick<AttackLine, 'norm' | 'epsilon'>;

/** One step from the image itself. */
export const oneStepLine = (id: string, loss: 'ce' | 'margin', images: number, ball: Ball): AttackLine => ({
  id,
  attack: fgsm,
  options: { loss },
  images,
  ...ball,
});

interface Steps {
  readonly steps: number;
  /** In pixel units. */
  readonly stepSize: number;
  readonly loss?: 'ce' | 'margin';
  readonly restarts?: number;
}

export const stepsLine = (
  id: string,
  { steps, stepSize, loss = 'ce', restarts = 1 }: Steps,
  images: number,
  ball: Ball,
): AttackLine => ({
  id,
  attack: pgd,
  options: { steps, relativeStepSize: stepSize / ball.epsilon, loss, restarts },
  images,
  ...ball,
});

/** The same steps on another net, from the image itself: the net that is asked plays no part in them. */
export const transferLine = (
  id: string,
  madeFor: string,
  { steps, stepSize, loss = 'ce' }: Steps,
  images: number,
  ball: Ball,
): AttackLine => ({
  id,
  attack: transfer,
  options: { steps, relativeStepSize: stepSize / ball.epsilon, decay: 0, loss },
  images,
  madeFor,
  ...ball,
});

/** An accuracy in percent of the 10,000 test images, held against ours in a step. */
export function accuracyFigure(
  step: string,
  title: string,
  printed: string,
  stands: ExperimentFigure['stands'],
  gap?: string,
): ExperimentFigure {
  return {
    id: step,
    title,
    theirs: share(Math.round(100 * Number(printed)), 10_000),
    printed,
    stands,
    ours: (outcomes) => accuracyOf(outcomes, step),
    ...(gap !== undefined && { gap }),
  };
}
