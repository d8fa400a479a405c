import type { Examples } from '../../datasets/dataset.ts';
import type { Classifier } from '../../models/classifier.ts';
import type { Estimate } from '../estimate.ts';
import { mean, rounded, share } from '../estimate.ts';
import type { ExperimentFigure, Outcomes, StepContext } from '../experiment.ts';
import { type Judged, judge, judgedIn, stored, wrong } from '../judged.ts';
import { oneStep } from '../one-step.ts';
import { values } from '../outcomes-file.ts';

/** Of the paper's MNIST attacks, in pixel units. */
export const EPSILON = 0.25;
/** Of the test set, and of its images of 3 and 7. */
export const TEST_IMAGES = 10_000;

/** The true classes among the outcomes. */
export function labels({ y, count }: Examples): Outcomes {
  return { y: { shape: [count], data: Uint8Array.from(y) } };
}

/**
 * What nets say of images that one unclipped step has made for a net.
 * @param judges nets by the name of their answers among the outcomes
 */
export async function transferred(
  context: Pick<StepContext, 'pause'>,
  examples: Examples,
  source: Classifier,
  judges: Readonly<Record<string, Classifier>>,
  clip = false,
): Promise<Outcomes> {
  const parts = 1 + Object.keys(judges).length;
  const images = await oneStep(source, examples, EPSILON, clip, (f) => context.pause(f / parts));
  const outcomes = {};
  for (const [i, [name, net]] of Object.entries(judges).entries()) {
    const said: Judged = await judge(net, images, (f) => context.pause((i + 1 + f) / parts));
    Object.assign(outcomes, stored(name, said));
  }
  return outcomes;
}

/** Share of the images that a judgement has wrong. */
export function errorOf(outcomes: Outcomes, step: string, name: string): Estimate {
  const y = values(outcomes, `${step}.y`);
  return share(wrong(judgedIn(outcomes, `${step}.${name}`).predicted, y).length, y.length);
}

/** Mean confidence in the wrong classes, over images that `before` had right; over all where it is absent. */
export function confidenceOf(outcomes: Outcomes, step: string, name: string, before?: string): Estimate {
  const y = values(outcomes, `${step}.y`);
  const first = before === undefined ? null : judgedIn(outcomes, `${step}.${before}`).predicted;
  const { predicted, confidence } = judgedIn(outcomes, `${step}.${name}`);
  const rows = wrong(predicted, y).filter((row) => first === null || first[row] === y[row]);
  return mean(
    rows.map((row) => confidence[row] as number),
    'share',
  );
}

type Stands = ExperimentFigure['stands'];

/** An error rate that the paper prints in percent, of so many images. */
export function errorFigure(
  id: string,
  title: string,
  printed: string,
  stands: Stands,
  ours: ExperimentFigure['ours'],
  images = TEST_IMAGES,
): ExperimentFigure {
  return { id, title, theirs: share(Math.round((Number(printed) / 100) * images), images), printed, stands, ours };
}

/** A mean confidence that the paper prints in percent. */
export function confidenceFigure(
  id: string,
  title: string,
  printed: string,
  stands: Stands,
  ours: ExperimentFigure['ours'],
): ExperimentFigure {
  return { id, title, theirs: rounded(printed, 'share'), printed, stands, ours };
}
