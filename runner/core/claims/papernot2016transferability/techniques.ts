/** The five techniques of the paper, ready to be asked and attacked. */
import { fgsm } from '../../attacks/fgsm.ts';
import type { Examples } from '../../datasets/dataset.ts';
import type { Classifier } from '../../models/classifier.ts';
import { attackImages } from '../attack-images.ts';
import type { StepContext } from '../experiment.ts';
import { judge } from '../judged.ts';
import { stepOff } from './machine-step.ts';
import { elected, neighbours } from './neighbours.ts';
import { machine, net, part, regression } from './nets.ts';
import { attackTree, growTree, predictTree } from './tree.ts';

/** Of the fast gradient sign method, in pixel units. */
export const EPSILON = 0.3;
/** Of the step off the plane of a support vector machine, in L2. */
export const STEP = 1.5;
/** Neighbours that vote. */
export const VOTERS = 5;
const CLASSES = 10;
const PIXELS = 784;
const SHAPE: Classifier['inputShape'] = [28, 28, 1];
const CHUNK = 250;

type Pause = StepContext['pause'];

interface Technique {
  predict(x: Float32Array, pause: Pause): Promise<Uint8Array>;
  /** @returns images made to mislead it, in the same order */
  attack(examples: Examples, pause: Pause): Promise<Float32Array>;
}

export const ids = ['net', 'regression', 'machine', 'tree', 'neighbours'] as const;
export type TechniqueId = (typeof ids)[number];

async function signs(classifier: Classifier, { x, y }: Examples, loss: string, pause: Pause) {
  const { xAdv } = await attackImages(
    {
      attack: fgsm,
      options: { loss },
      classifier,
      x,
      y,
      target: null,
      norm: 'Linf',
      epsilon: EPSILON,
      seed: 0,
      stream: 'fgsm',
    },
    CHUNK,
    pause,
  );
  return xAdv;
}

/** Calls `use` with all five, and frees them after it. */
export async function withTechniques<T>(
  context: StepContext,
  use: (all: Readonly<Record<TechniqueId, Technique>>) => Promise<T>,
): Promise<T> {
  const descended = ({ id }: { id: string }, attack: Technique['attack']): Technique => ({
    predict: async (x, pause) => (await judge(context.net(id), x, pause)).predicted,
    attack,
  });
  const seenByTree = context.train(part(3));
  const tree = growTree(seenByTree.x, seenByTree.y, CLASSES);
  const near = neighbours(context.train(part(4)), SHAPE, CLASSES);
  try {
    return await use({
      net: descended(net, (examples, pause) => signs(context.net(net.id), examples, 'ce', pause)),
      regression: descended(regression, (examples, pause) => signs(context.net(regression.id), examples, 'ce', pause)),
      machine: descended(machine, (examples) => stepOff(context.net(machine.id), examples, STEP)),
      tree: {
        predict: async (x) => predictTree(tree, x, PIXELS),
        attack: async ({ x, y }) => attackTree(tree, x, y),
      },
      neighbours: {
        predict: (x, pause) => near.predict(x, VOTERS, pause),
        // Cross-entropy has no gradient where one training image outweighs all others; the margin has.
        attack: (examples, pause) => signs(near.smooth, examples, 'margin', pause),
      },
    });
  } finally {
    near.smooth.dispose();
  }
}

/** Classes by the vote of all five; of classes with as many votes, that of the technique that comes first. */
export function vote(predictions: Readonly<Record<TechniqueId, ArrayLike<number>>>): Uint8Array {
  const { length } = predictions.net;
  return Uint8Array.from({ length }, (_, row) => elected(ids.map((id) => predictions[id][row] as number)));
}
