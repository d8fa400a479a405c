/** How many images of the test set a net has right under an attack, and what is kept of it. */
import type { Attack } from '../attacks/attack.ts';
import type { Norm } from '../projections.ts';
import { attackImages } from './attack-images.ts';
import { type Estimate, share } from './estimate.ts';
import type { Outcomes, Step } from './experiment.ts';
import { judge } from './judged.ts';
import { values } from './outcomes-file.ts';

/** Images attacked at a time. */
const CHUNK = 50;

export interface AttackLine {
  /** Of the step. */
  readonly id: string;
  readonly attack: Attack;
  readonly options: Readonly<Record<string, unknown>>;
  readonly norm: Norm;
  readonly epsilon: number;
  /** So many of the first test images. */
  readonly images: number;
  /** A net that the images are made for in place of the one that is asked. */
  readonly madeFor?: string;
}

const classesOf = (data: Uint8Array) => ({ shape: [data.length], data });

/** All test images as they are. */
export function cleanStep(net: string): Step {
  return {
    id: 'clean',
    async run(context) {
      const { x, y } = context.test();
      const { predicted } = await judge(context.net(net), x, context.pause);
      return { y: classesOf(Uint8Array.from(y)), predicted: classesOf(predicted) };
    },
  };
}

/** The first images under an attack. */
export function attackStep(net: string, line: AttackLine): Step {
  return {
    id: line.id,
    async run(context) {
      const { x, y } = context.test(undefined, line.images);
      const classifier = context.net(net);
      const { xAdv } = await attackImages(
        {
          attack: line.attack,
          options: line.options,
          classifier,
          ...(line.madeFor !== undefined && { surrogates: [context.net(line.madeFor)] }),
          x,
          y,
          target: null,
          norm: line.norm,
          epsilon: line.epsilon,
          seed: context.seed,
          stream: line.id,
        },
        CHUNK,
        context.pause,
      );
      const { predicted } = await judge(classifier, xAdv, async () => {});
      return { y: classesOf(Uint8Array.from(y)), predicted: classesOf(predicted) };
    },
  };
}

/** Share of the images of a step that are right. */
export function accuracyOf(outcomes: Outcomes, step: string): Estimate {
  const y = values(outcomes, `${step}.y`);
  const right = values(outcomes, `${step}.predicted`).filter((said, row) => said === y[row]);
  return share(right.length, y.length);
}
