import type { Examples } from '../../datasets/dataset.ts';
import { exampleRandom } from '../../random.ts';
import { type Estimate, share } from '../estimate.ts';
import type { Outcomes } from '../experiment.ts';
import { judgedIn, wrong } from '../judged.ts';
import { values } from '../outcomes-file.ts';

/** Images with Gaussian noise of a standard deviation on every pixel, not clipped. */
export function noisy({ x, count }: Pick<Examples, 'x' | 'count'>, deviation: number, seed: number): Float32Array {
  const rows = Int32Array.from({ length: count }, (_, row) => row);
  const noise = exampleRandom(seed, 'noise').normal(rows, 0, x.length / count);
  return x.map((value, i) => value + deviation * (noise[i] as number));
}

/** Share of images that a judgement of a step has wrong: of all, or of those that the net has right as they are. */
export function errorOfJudged(outcomes: Outcomes, step: string, name: string, ofRight = false): Estimate {
  const y = values(outcomes, `${step}.y`);
  const mistakes = wrong(judgedIn(outcomes, `${step}.${name}`).predicted, y);
  if (!ofRight) return share(mistakes.length, y.length);
  const before = new Set(wrong(judgedIn(outcomes, `${step}.clean`).predicted, y));
  return share(mistakes.filter((row) => !before.has(row)).length, y.length - before.size);
}
