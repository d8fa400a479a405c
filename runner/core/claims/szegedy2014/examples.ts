import { lbfgs } from '../../attacks/lbfgs.ts';
import type { Examples } from '../../datasets/dataset.ts';
import { exampleRandom } from '../../random.ts';
import { attackImages } from '../attack-images.ts';
import { type Estimate, mean, share } from '../estimate.ts';
import type { Outcomes, Step, StepContext, TrainedNet } from '../experiment.ts';
import { judge } from '../judged.ts';
import { values } from '../outcomes-file.ts';

/** Test images that examples are made of; the paper does not say how many it takes. */
export const IMAGES = 100;
const CHUNK = 50;
const PIXELS = 784;
const CLASSES = 10;
/** Size that changes are amplified to: standard deviation of a pixel's change. */
const AMPLIFIED = 0.1;

/** A wrong class for each image, each as likely. */
export function drawnTargets(y: Int32Array, seed: number): Int32Array {
  const draws = exampleRandom(seed, 'targets').uniform(Int32Array.from(y.keys()), 0, 1);
  return y.map((own, row) => (own + 1 + Math.floor((draws[row] as number) * (CLASSES - 1))) % CLASSES);
}

interface Found {
  readonly xAdv: Float32Array;
  /** 1 where the class asked for was reached and the image was right before. */
  readonly success: Uint8Array;
  readonly distance: Float32Array;
}

async function nearest({ net, pause, seed }: StepContext, id: string, { x, y }: Examples): Promise<Found> {
  const { xAdv, success, cleanCorrect, distance } = await attackImages(
    {
      attack: lbfgs,
      options: { initialConstant: 1, binarySearchSteps: 7, maxIterations: 60 },
      classifier: net(id),
      x,
      y,
      target: drawnTargets(y, seed),
      norm: 'L2',
      epsilon: Number.POSITIVE_INFINITY,
      seed,
      stream: 'lbfgs',
    },
    CHUNK,
    pause,
  );
  return {
    xAdv,
    success: success.map((flag, row) => flag & (cleanCorrect[row] as number)),
    distance: Float32Array.from(distance),
  };
}

/** The change of each image, scaled to a root mean square of `AMPLIFIED`; the image itself where there is none. */
function amplified(x: Float32Array, xAdv: Float32Array, distance: Float32Array): Float32Array {
  return xAdv.map((value, i) => {
    const length = distance[Math.floor(i / PIXELS)] as number;
    const scale = length > 0 ? (AMPLIFIED * Math.sqrt(PIXELS)) / length : 1;
    return (x[i] as number) + scale * (value - (x[i] as number));
  });
}

const bytes = (pixels: Float32Array) => Uint8Array.from(pixels, (value) => Math.round(255 * value));
const flat = <T extends Uint8Array | Float32Array>(data: T) => ({ shape: [data.length], data });

/** How many images are kept to be looked at. */
export const SHOWN = 10;

/** Examples of one net, and what others say of them. */
export function examplesOf(source: TrainedNet, judges: readonly TrainedNet[]): Step {
  return {
    id: source.id,
    async run(context) {
      const examples = context.test(undefined, IMAGES);
      const { xAdv, success, distance } = await nearest(context, source.id, examples);
      const large = amplified(examples.x, xAdv, distance);
      const outcomes: Record<string, Outcomes[string]> = {
        y: flat(Uint8Array.from(examples.y)),
        success: flat(success),
        distance: flat(distance),
        x: { shape: [SHOWN, PIXELS], data: bytes(examples.x.subarray(0, SHOWN * PIXELS)) },
        xAdv: { shape: [SHOWN, PIXELS], data: bytes(xAdv.subarray(0, SHOWN * PIXELS)) },
      };
      for (const { id } of judges) {
        outcomes[`clean.${id}`] = flat((await judge(context.net(id), examples.x, context.pause)).predicted);
        outcomes[`on.${id}`] = flat((await judge(context.net(id), xAdv, context.pause)).predicted);
        outcomes[`amplified.${id}`] = flat((await judge(context.net(id), large, context.pause)).predicted);
      }
      return outcomes;
    },
  };
}

/** Rows on which a net's examples reached what they were made for. */
function successes(outcomes: Outcomes, source: TrainedNet): number[] {
  const success = values(outcomes, `${source.id}.success`);
  return Array.from(success.keys()).filter((row) => success[row] === 1);
}

/** Mean of √(mean square of the change of a pixel) over a net's examples. */
export function distortion(outcomes: Outcomes, source: TrainedNet): Estimate {
  const distance = values(outcomes, `${source.id}.distance`);
  return mean(
    successes(outcomes, source).map((row) => (distance[row] as number) / Math.sqrt(PIXELS)),
    'number',
  );
}

/** Mean of what the changes of a net's examples were multiplied by to be amplified. */
export function amplification(outcomes: Outcomes, source: TrainedNet): number {
  const distance = values(outcomes, `${source.id}.distance`);
  const times = successes(outcomes, source).map((row) => (AMPLIFIED * Math.sqrt(PIXELS)) / (distance[row] as number));
  return mean(times, 'number').value;
}

/** Share of a net's examples that another has wrong, of images that it had right before; `amplified` after the change was made larger. */
export function transfer(
  outcomes: Outcomes,
  source: TrainedNet,
  other: TrainedNet,
  which: 'on' | 'amplified' = 'on',
): Estimate {
  const y = values(outcomes, `${source.id}.y`);
  const before = values(outcomes, `${source.id}.clean.${other.id}`);
  const rows = successes(outcomes, source).filter((row) => before[row] === y[row]);
  const said = values(outcomes, `${source.id}.${which}.${other.id}`);
  return share(rows.filter((row) => said[row] !== y[row]).length, rows.length);
}

/**
 * A net's examples beside another's own nearest ones, of the same images towards the same classes: why more or fewer of them carry over.
 * @returns a sentence
 */
export function sizesCompared(
  outcomes: Outcomes,
  [source, name]: readonly [TrainedNet, string],
  [other, otherName]: readonly [TrainedNet, string],
  theirs: number,
): string {
  const own = new Set(successes(outcomes, other));
  const rows = successes(outcomes, source).filter((row) => own.has(row));
  const [far, needed] = [source, other].map(({ id }) => values(outcomes, `${id}.distance`));
  const sum = (of: ArrayLike<number> | undefined) => rows.reduce((total, row) => total + (of?.[row] as number), 0);
  const y = values(outcomes, `${source.id}.y`);
  const said = values(outcomes, `${source.id}.on.${other.id}`);
  const wrongOf = (some: readonly number[]) => `${some.filter((row) => said[row] !== y[row]).length} of ${some.length}`;
  const isFarther = (row: number) => (far?.[row] as number) > (needed?.[row] as number);
  const ratio = (sum(far) / sum(needed)).toFixed(2);
  return (
    `The examples of ${name} are ${ratio} times as far from their images as those that ${otherName} itself needs towards the same classes; in the paper ` +
    `${theirs.toFixed(2)} times, by its mean distortions. It has ${wrongOf(rows.filter(isFarther))} wrong that are farther, and ` +
    `${wrongOf(rows.filter((row) => !isFarther(row)))} that are not. Why our nets need other changes than theirs was not tested.`
  );
}
