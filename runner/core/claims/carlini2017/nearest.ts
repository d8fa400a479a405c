import type { Attack } from '../../attacks/attack.ts';
import { cwL0 } from '../../attacks/cw-l0.ts';
import { cwL2 } from '../../attacks/cw-l2.ts';
import { cwLinf } from '../../attacks/cw-linf.ts';
import { attackImages } from '../attack-images.ts';
import { distilled, distilledPair, undistilled } from '../distilled-pair.ts';
import { type Estimate, groupedShare, mean, quotient, rounded } from '../estimate.ts';
import { towardsEveryClass } from '../every-class.ts';
import type { Experiment, ExperimentFigure, Outcomes, Step, SubmittedNet } from '../experiment.ts';
import { values } from '../outcomes-file.ts';
import { groupsOf, TARGETS } from '../papernot2016/pairs.ts';

const IMAGES = 100;
/** Images of a step. */
const PART = 10;

/** Of the distances of an image's nine targets the nearest, their mean, and the farthest. */
const cases = ['best', 'average', 'worst'] as const;
type Case = (typeof cases)[number];

/** What the paper's tables IV and VI print for MNIST. */
type Printed = Readonly<Record<Case, string>>;

interface NormWanted {
  readonly norm: 'L0' | 'L2' | 'Linf';
  readonly name: string;
  readonly attack: Attack;
  readonly options: Readonly<Record<string, unknown>>;
  readonly protocol: string;
  readonly undistilled: Printed;
  readonly distilled: Printed;
}

const wanted: readonly NormWanted[] = [
  {
    norm: 'L2',
    name: 'L2',
    attack: cwL2 as Attack,
    options: { maxIterations: 1000 },
    protocol: 'nine constants with 1,000 iterations of 0.01 each, a tenth of the paper’s',
    undistilled: { best: '1.36', average: '1.76', worst: '2.60' },
    distilled: { best: '1.7', average: '2.2', worst: '2.9' },
  },
  {
    norm: 'Linf',
    name: 'L∞',
    attack: cwLinf as Attack,
    options: {},
    protocol: '1,000 iterations of 0.005 for each limit and constant, as the paper’s code has it',
    undistilled: { best: '0.13', average: '0.16', worst: '0.23' },
    distilled: { best: '0.14', average: '0.18', worst: '0.25' },
  },
  {
    norm: 'L0',
    name: 'L0',
    attack: cwL0 as Attack,
    options: {},
    protocol: '1,000 iterations of 0.01 for each set of values and constant, as the paper’s code has it',
    undistilled: { best: '8.5', average: '16', worst: '33' },
    distilled: { best: '10', average: '19', worst: '36' },
  },
];

const parts = Array.from({ length: IMAGES / PART }, (_, part) => part);
const stepId = ({ id }: SubmittedNet, part: number) => `${id}-${part}`;

/** The images of one part towards every wrong class, the classes of an image in order. */
function stepOf({ norm, attack, options }: NormWanted, net: SubmittedNet, part: number): Step {
  return {
    id: stepId(net, part),
    async run(context) {
      const rows = Array.from({ length: PART }, (_, i) => part * PART + i);
      const classifier = context.net(net.id);
      const pairs = towardsEveryClass(context.test(undefined, IMAGES), rows, classifier.classes);
      const { success, distance } = await attackImages(
        {
          attack,
          options,
          classifier,
          ...pairs,
          norm,
          epsilon: Number.POSITIVE_INFINITY,
          seed: context.seed,
          stream: attack.id,
        },
        pairs.y.length,
        context.pause,
      );
      const shape = [pairs.y.length];
      return { reached: { shape, data: success }, distance: { shape, data: Float32Array.from(distance) } };
    },
  };
}

const joined = (outcomes: Outcomes, net: SubmittedNet, name: string) =>
  parts.flatMap((part) => Array.from(values(outcomes, `${stepId(net, part)}.${name}`)));

/** Mean over images of which all targets were reached, of the nearest, mean or farthest distance of an image. */
function meanDistance(outcomes: Outcomes, net: SubmittedNet, which: Case): Estimate {
  const reached = joined(outcomes, net, 'reached');
  const distance = joined(outcomes, net, 'distance');
  const of = (all: number[], row: number) => all.slice(row * TARGETS, (row + 1) * TARGETS);
  const rows = Array.from({ length: IMAGES }, (_, row) => row).filter((row) =>
    of(reached, row).every((flag) => flag === 1),
  );
  const pick = {
    best: (all: number[]) => Math.min(...all),
    average: (all: number[]) => all.reduce((sum, one) => sum + one, 0) / all.length,
    worst: (all: number[]) => Math.max(...all),
  }[which];
  return mean(
    rows.map((row) => pick(of(distance, row))),
    'number',
  );
}

function distanceFigures({ name, ...printed }: NormWanted, net: SubmittedNet): ExperimentFigure[] {
  const own = net === distilled ? printed.distilled : printed.undistilled;
  const title = net === distilled ? 'distilled at T = 100' : 'not distilled';
  return cases.map((which) => ({
    id: `${net.id}-${which}`,
    title: `Mean ${name} distance, ${title}, ${which} case`,
    theirs: rounded(own[which], 'number'),
    printed: own[which],
    stands: {
      low: Number(own[which]) / 2,
      high: 2 * Number(own[which]),
      words: 'of that size (half to twice the paper’s)',
    },
    ours: (outcomes) => meanDistance(outcomes, net, which),
  }));
}

function experimentOf(one: NormWanted): Experiment {
  return {
    id: `nearest-${one.norm.toLowerCase()}`,
    title: `Nearest images in ${one.name}, with and without distillation`,
    source: 'tables IV and VI',
    protocol: `The first ${IMAGES} test images towards nine classes, of the nets Undefended and Papernot2016Distillation: ${one.protocol}. Best, average and worst case are by the nine targets of an image, of images of which all were reached. The paper takes 1,000 images.`,
    seed: 0,
    nets: distilledPair,
    steps: distilledPair.flatMap((net) => parts.map((part) => stepOf(one, net, part))),
    figures: [
      ...distilledPair.map(
        (net): ExperimentFigure => ({
          id: `${net.id}-reached`,
          title: `Targets reached, ${net === distilled ? 'distilled at T = 100' : 'not distilled'}`,
          theirs: rounded('100', 'share'),
          printed: '100',
          stands: { low: 0.9, words: 'the attack reaches whatever it is told (at least nine of ten)' },
          ours(outcomes) {
            const reached = joined(outcomes, net, 'reached');
            return groupedShare(groupsOf(reached.length).map((pairs) => pairs.map((pair) => reached[pair] === 1)));
          },
        }),
      ),
      ...distilledPair.flatMap((net) => distanceFigures(one, net)),
      {
        id: 'ratio',
        title: 'How many times as far images of the distilled net are, on average',
        theirs: null,
        stands: { high: 2, words: 'distillation makes it little harder (at most twice as far)' },
        ours: (outcomes) =>
          quotient(meanDistance(outcomes, distilled, 'average'), meanDistance(outcomes, undistilled, 'average')),
      },
    ],
  };
}

/** C&W's three attacks on the distilled net and the plain one. */
export const nearestExperiments: readonly Experiment[] = wanted.map(experimentOf);
