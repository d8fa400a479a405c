import type { Examples } from '../../datasets/dataset.ts';
import { exampleRandom } from '../../random.ts';
import { type Estimate, share } from '../estimate.ts';
import type { Outcomes, Step } from '../experiment.ts';
import { judge, judgedIn, stored, wrong } from '../judged.ts';
import { values } from '../outcomes-file.ts';

/** Images with Gaussian noise of a standard deviation on every pixel, not clipped. */
export function noisy({ x, count }: Pick<Examples, 'x' | 'count'>, deviation: number, seed: number): Float32Array {
  const rows = Int32Array.from({ length: count }, (_, row) => row);
  const noise = exampleRandom(seed, 'noise').normal(rows, 0, x.length / count);
  return x.map((value, i) => value + deviation * (noise[i] as number));
}

/**
 * What a net says of all test images as they are, `clean`, and with noise.
 * @param deviations by the names that the judgements have
 */
export function noiseStep(id: string, net: string, deviations: Readonly<Record<string, number>>): Step {
  return {
    id,
    async run(context) {
      const examples = context.test();
      const classifier = context.net(net);
      const outcomes: Record<string, Outcomes[string]> = {
        y: { shape: [examples.count], data: Uint8Array.from(examples.y) },
        ...stored('clean', await judge(classifier, examples.x, context.pause)),
      };
      for (const [name, deviation] of Object.entries(deviations)) {
        const said = await judge(classifier, noisy(examples, deviation, context.seed), context.pause);
        Object.assign(outcomes, stored(name, said));
      }
      return outcomes;
    },
  };
}

/** Share of images that a judgement of a step has wrong: of all, or of those that the net has right as they are. */
export function errorOfJudged(outcomes: Outcomes, step: string, name: string, ofRight = false): Estimate {
  const y = values(outcomes, `${step}.y`);
  const mistakes = wrong(judgedIn(outcomes, `${step}.${name}`).predicted, y);
  if (!ofRight) return share(mistakes.length, y.length);
  const before = new Set(wrong(judgedIn(outcomes, `${step}.clean`).predicted, y));
  return share(mistakes.filter((row) => !before.has(row)).length, y.length - before.size);
}
