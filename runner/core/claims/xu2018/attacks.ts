import type { Attack } from '../../attacks/attack.ts';
import { cwL2 } from '../../attacks/cw-l2.ts';
import { pgd } from '../../attacks/pgd.ts';
import type { Examples } from '../../datasets/dataset.ts';
import type { Classifier } from '../../models/classifier.ts';
import { attackImages } from '../attack-images.ts';
import { adaptivePgd, type Ball } from './adaptive.ts';

const CHUNK = 100;

export const LINF: Ball = { norm: 'Linf', epsilon: 0.3 };
export const L2: Ball = { norm: 'L2', epsilon: 4 };

type Pause = (fraction: number) => Promise<void>;

/** A way to make adversarial images of a net behind the detector. */
export interface Against {
  readonly id: string;
  readonly name: string;
  readonly ball: Ball;
  /** Whether it knows that there is a detector. */
  readonly adaptive: boolean;
  /** @returns images of x's length, in the ball */
  make(net: Classifier, examples: Examples, pause: Pause): Promise<Float32Array>;
}

async function plain(
  attack: Attack,
  options: Readonly<Record<string, unknown>>,
  { norm, epsilon }: Ball,
  net: Classifier,
  { x, y }: Examples,
  pause: Pause,
): Promise<Float32Array> {
  const { xAdv } = await attackImages(
    { attack, options, classifier: net, x, y, target: null, norm, epsilon, seed: 0, stream: attack.id },
    CHUNK,
    pause,
  );
  return xAdv;
}

const ADAPTIVE = { steps: 100, targets: 3 };
const CW = { binarySearchSteps: 5, maxIterations: 200, learningRate: 0.05, initialConstant: 0.1 };

export const attacks: readonly Against[] = [
  {
    id: 'pgd',
    name: 'PGD',
    ball: LINF,
    adaptive: false,
    make: (net, examples, pause) => plain(pgd as Attack, {}, LINF, net, examples, pause),
  },
  {
    id: 'cw',
    name: 'C&W',
    ball: L2,
    adaptive: false,
    make: (net, examples, pause) => plain(cwL2 as Attack, CW, L2, net, examples, pause),
  },
  ...[LINF, L2].map((ball) => ({
    id: `adaptive-${ball.norm.toLowerCase()}`,
    name: `adaptive, ${ball.norm === 'L2' ? 'L2' : 'L∞'}`,
    ball,
    adaptive: true,
    make: (net: Classifier, examples: Examples, pause: Pause) => adaptivePgd(net, examples, ball, ADAPTIVE, pause),
  })),
];
