import type { Classify } from '../evidence/choose.ts';
import type { Verdict } from '../external-result.ts';
import { adversarial, distances, inBall, inBox, NO_CLASS, predictions } from '../metrics/judge.ts';
import type { ThreatModel } from '../tracks.ts';
import type { ExternalExamples } from './examples.ts';

/** What images are judged by. */
export interface JudgedBy {
  readonly track: ThreatModel;
  /** The clean image at a position of the test set. */
  readonly clean: (position: number) => Float32Array;
  /** The true class at a position of the test set. */
  readonly label: (position: number) => number;
  readonly classes: number;
}

/**
 * What can be said of each image without the model.
 * @param clean null where the test set is not at hand: then nothing is said of the ball
 * @returns why it does not count; null where the model must be asked
 */
export function judgeShape(
  examples: ExternalExamples,
  track: ThreatModel,
  clean: JudgedBy['clean'] | null,
): (Verdict | null)[] {
  return Array.from(examples.index, (position, row) => {
    const image = imageOf(examples, row);
    if (image.some((value) => !Number.isFinite(value))) return 'not-finite';
    if (inBox(image, image.length)[0] === 0) return 'outside-range';
    if (clean === null) return null;
    const distance = distances(clean(position), image, image.length, track.norm)[0] as number;
    return inBall(distance, track.epsilon) ? null : 'outside-ball';
  });
}

/**
 * Looks at every image: finite, in the pixel range, in the ball, and wrong on both backends.
 * @param judges the backend of the evaluation, and an independent one in a process of its own
 */
export async function judgeExternal(
  examples: ExternalExamples,
  by: JudgedBy,
  judges: { readonly evaluating: Classify; readonly independent: Classify },
): Promise<Verdict[]> {
  const verdicts = judgeShape(examples, by.track, by.clean);
  const ask = async (classify: Classify, rows: readonly number[]) => {
    const wrong = await areWrong(examples, rows, by, classify);
    return (row: number) => wrong.get(row) === true;
  };
  const pictures = verdicts.flatMap((verdict, row) => (verdict === null ? [row] : []));
  const wrongHere = await ask(judges.evaluating, pictures);
  const wrongThere = await ask(judges.independent, pictures.filter(wrongHere));
  return verdicts.map((verdict, row) => {
    if (verdict !== null) return verdict;
    if (!wrongHere(row)) return 'classified-right';
    return wrongThere(row) ? 'confirmed' : 'unconfirmed';
  });
}

/** Whether the model gets each of these rows wrong. */
export async function areWrong(
  examples: ExternalExamples,
  rows: readonly number[],
  { label, classes }: JudgedBy,
  classify: Classify,
): Promise<Map<number, boolean>> {
  if (rows.length === 0) return new Map();
  const size = examples.x.length / examples.index.length;
  const x = new Float32Array(rows.length * size);
  rows.forEach((row, i) => {
    x.set(imageOf(examples, row), i * size);
  });
  const y = rows.map((row) => label(examples.index[row] as number));
  const wrong = adversarial(await classify(x), classes, y, null);
  return new Map(rows.map((row, i) => [row, wrong[i] === 1]));
}

/**
 * Scores of a model that gave several answers: how many of them say each class.
 * @param answers logits, each [n × classes]; one that ties says none
 * @returns [n × classes]
 */
export function votesOf(answers: readonly Float32Array[], classes: number): Float32Array {
  const votes = new Float32Array(answers[0]?.length ?? 0);
  for (const logits of answers) {
    predictions(logits, classes).forEach((prediction, row) => {
      if (prediction !== NO_CLASS)
        votes[row * classes + prediction] = (votes[row * classes + prediction] as number) + 1;
    });
  }
  return votes;
}

/** The image of a row. */
export function imageOf({ index, x }: ExternalExamples, row: number): Float32Array {
  const size = x.length / index.length;
  return x.subarray(row * size, (row + 1) * size);
}
