import type { Attack } from '../../attacks/attack.ts';
import { jsma } from '../../attacks/jsma.ts';
import { attackImages } from '../attack-images.ts';
import { type Estimate, groupedShare } from '../estimate.ts';
import { towardsEveryClass } from '../every-class.ts';
import type { Outcomes, StepContext } from '../experiment.ts';
import { judge, wrong } from '../judged.ts';
import { values } from '../outcomes-file.ts';

const IMAGES = 100;
/** Images whose pairs are attacked at a time. */
const CHUNK = 25;
/** Input values that the attack may change. */
export const MOST = 112;

/**
 * The paper's attack on a net: JSMA on probabilities, from the first 100 test images that the net has right towards each class that is
 * wrong.
 *
 * @param id of the net
 * @param temperature what the logits are divided by before the softmax; 1 when absent
 * @returns `mistaken`: test images that the net has wrong, of as many as `images` says; `reached` and `changed`: for each pair whether its
 * class was reached, and how many values were changed on the way
 */
export async function attackPairs(context: StepContext, id: string, temperature?: number): Promise<Outcomes> {
  const examples = context.test();
  const { x, y, count } = examples;
  const classifier = context.net(id);
  const { predicted } = await judge(classifier, x, async () => {});
  const mistaken = new Set(wrong(predicted, y));
  const right = Array.from({ length: count }, (_, row) => row).filter((row) => !mistaken.has(row));
  const pairs = towardsEveryClass(examples, right.slice(0, IMAGES), classifier.classes);
  const { success, distance } = await attackImages(
    {
      attack: jsma as Attack,
      options: { on: 'probabilities', theta: 1, maxFeatures: MOST, ...(temperature !== undefined && { temperature }) },
      classifier,
      ...pairs,
      norm: 'L0',
      epsilon: MOST,
      seed: context.seed,
      stream: 'jsma-probabilities',
    },
    CHUNK * (classifier.classes - 1),
    context.pause,
  );
  const shape = [pairs.y.length];
  return {
    mistaken: { shape: [mistaken.size], data: Uint16Array.from(mistaken) },
    images: { shape: [1], data: Uint16Array.of(count) },
    reached: { shape, data: success },
    changed: { shape, data: Uint16Array.from(distance) },
  };
}

/** Classes that each image is attacked towards. */
export const TARGETS = 9;

/** The pairs of each image, of as many as there are. */
export function groupsOf(pairs: number): number[][] {
  return Array.from({ length: pairs / TARGETS }, (_, image) =>
    Array.from({ length: TARGETS }, (_, target) => image * TARGETS + target),
  );
}

/** Share of the pairs of steps that were reached; those of one image hang together, whichever step they are of. */
export function reachedShare(outcomes: Outcomes, ...steps: string[]): Estimate {
  const reached = steps.map((step) => values(outcomes, `${step}.reached`));
  return groupedShare(
    groupsOf(reached[0]?.length ?? 0).map((pairs) =>
      reached.flatMap((flags) => pairs.map((pair) => flags[pair] === 1)),
    ),
  );
}
