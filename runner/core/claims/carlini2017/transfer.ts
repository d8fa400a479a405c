import type { Attack } from '../../attacks/attack.ts';
import { cwL2 } from '../../attacks/cw-l2.ts';
import { runAttack } from '../../attacks/run.ts';
import { imageSize } from '../../fooling/fooling.ts';
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
      const classifier = net(undistilled.id);
      const size = imageSize(classifier);
      const images = new Float32Array(x.length);
      const fooled = new Uint8Array(IMAGES);
      const length = new Float32Array(IMAGES);
      for (let start = 0; start < IMAGES; start += CHUNK) {
        const { xAdv, success, distance } = await runAttack({
          attack: cwL2 as Attack,
          options: { ...SEARCH, confidence },
          classifier,
          x: x.slice(start * size, (start + CHUNK) * size),
          y: y.slice(start, start + CHUNK),
          target: null,
          examples: Int32Array.from({ length: CHUNK }, (_, row) => start + row),
          norm: 'L2',
          epsilon: Number.POSITIVE_INFINITY,
          seed,
          stream: 'cw-l2',
        });
        images.set(xAdv, start * size);
        fooled.set(success, start);
        length.set(distance, start);
        await pause((start + CHUNK) / IMAGES);
      }
      const { predicted } = await judge(net(distilled.id), images, async () => {});
      const shape = [IMAGES];
      return {
        y: { shape, data: Uint8Array.from(y) },
        fooled: { shape, data: fooled },
        length: { shape, data: length },
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
