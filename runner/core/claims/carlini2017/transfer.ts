import type { Attack } from '../../attacks/attack.ts';
import { cwL2 } from '../../attacks/cw-l2.ts';
import { attackImages } from '../attack-images.ts';
import { distilled, distilledPair, undistilled } from '../distilled-pair.ts';
import { rounded, share } from '../estimate.ts';
import type { Experiment, Outcomes } from '../experiment.ts';
import { judge } from '../judged.ts';
import { values } from '../outcomes-file.ts';

const IMAGES = 100;
const CHUNK = 50;
const CONFIDENCES = [0, 5, 10, 20, 30, 40];
const SEARCH = { binarySearchSteps: 4, initialConstant: 1, maxIterations: 300, learningRate: 0.05 };

const stepId = (confidence: number) => `k${confidence}`;

/** Of the images that the first net was fooled by, those that the second has wrong as well. */
function transferred(outcomes: Outcomes, confidence: number) {
  const of = (name: string) => Array.from(values(outcomes, `${stepId(confidence)}.${name}`));
  const [fooled, y, said] = [of('fooled'), of('y'), of('distilled')];
  const rows = [...fooled.keys()].filter((row) => fooled[row] === 1);
  return share(rows.filter((row) => said[row] !== y[row]).length, rows.length);
}

export const transferExperiment: Experiment = {
  id: 'transfer',
  title: 'Images made for the plain net, against the distilled one',
  source: 'figure 10, and the section on distillation',
  protocol: `C&W in L2 without a target against the net Undefended, on the first ${IMAGES} test images: ${SEARCH.binarySearchSteps} constants, ${SEARCH.maxIterations} iterations of ${SEARCH.learningRate} each, by the margin of logits κ that is asked for. Counted: of the images that fool it, those that Papernot2016Distillation (T = 100) has wrong, which was never asked.`,
  seed: 0,
  nets: distilledPair,
  steps: CONFIDENCES.map((confidence) => ({
    id: stepId(confidence),
    async run({ net, test, seed, pause }) {
      const { x, y } = test(undefined, IMAGES);
      const { xAdv, success, distance } = await attackImages(
        {
          attack: cwL2 as Attack,
          options: { ...SEARCH, confidence },
          classifier: net(undistilled.id),
          x,
          y,
          target: null,
          norm: 'L2',
          epsilon: Number.POSITIVE_INFINITY,
          seed,
          stream: 'cw-l2',
        },
        CHUNK,
        pause,
      );
      const { predicted } = await judge(net(distilled.id), xAdv, async () => {});
      const shape = [IMAGES];
      return {
        y: { shape, data: Uint8Array.from(y) },
        fooled: { shape, data: success },
        length: { shape, data: Float32Array.from(distance) },
        distilled: { shape, data: predicted },
      };
    },
  })),
  figures: [
    {
      id: 'k0',
      title: 'Images that transfer, κ = 0',
      theirs: null,
      stands: { high: 0.5, words: 'images at the boundary rarely transfer (at most half)' },
      ours: (outcomes) => transferred(outcomes, 0),
    },
    {
      id: 'k40',
      title: 'Images that transfer, κ = 40',
      theirs: rounded('100', 'share'),
      printed: '100',
      stands: { low: 0.5, words: 'what fools a plain net surely fools the distilled one (at least half)' },
      ours: (outcomes) => transferred(outcomes, 40),
    },
  ],
  charts: [
    {
      id: 'transfer',
      title: 'Transfer to the distilled net over κ',
      caption:
        'Share of the images that fool the plain net by a margin of κ, which the distilled net has wrong as well.',
      x: { title: 'κ' },
      y: { title: 'Images that transfer, %', share: true },
      series: (outcomes) => [
        {
          name: 'Parapet',
          points: CONFIDENCES.map((confidence) => ({ x: confidence, y: transferred(outcomes, confidence).value })),
        },
      ],
    },
  ],
};
