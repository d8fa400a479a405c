/**
 * Every defense that is known to be broken is flagged by the diagnostics that it names, and sound nets by none: two small ones, and two
 * submissions on MNIST. Ends with the table of who raised what.
 */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startBackend } from '../../backends/index.ts';
import { loadDataset } from '../../files/datasets.ts';
import { readSubmission } from '../../files/submissions.ts';
import type { Examples } from '../datasets/dataset.ts';
import { type Evaluation, evaluate, type Workers } from '../evaluate.ts';
import { classify, perform } from '../evaluation/perform.ts';
import type { OutcomeOf, Task } from '../evaluation/tasks.ts';
import type { Classifier } from '../models/classifier.ts';
import { loadClassifier } from '../models/index.ts';
import type { Result } from '../result.ts';
import { untargeted } from '../suites/lines.ts';
import { resolveSuite } from '../suites/resolve.ts';
import { brokenDefenses, kWinners } from '../testing/broken-defenses.ts';
import { pairEvaluation } from '../testing/pairs.ts';
import { smallEpsilon, smallExamples, trainedNet } from '../testing/small-nets.ts';
import { findTrack } from '../tracks.ts';
import { probes } from './probes/index.ts';

const COUNT = 20;
const small = smallExamples(COUNT);

const steps = { steps: 60, relativeStepSize: 0.1 };

const suiteAt = (epsilon: number) =>
  resolveSuite(
    {
      id: 'test',
      title: 'Test',
      description: '',
      attacks: {
        'mnist-linf-0.3': [
          untargeted('fgsm', 'fgsm'),
          untargeted('pgd-ce', 'pgd', { loss: 'ce', ...steps }),
          untargeted('pgd-margin', 'pgd', { loss: 'margin', restarts: 2, ...steps }),
          untargeted('square', 'square', { queries: 300 }),
          untargeted('noise', 'noise', { draws: 50 }),
        ],
      },
      examples: { count: COUNT, which: 'first' },
      chunk: COUNT,
      evidence: { images: 'examples', limit: COUNT },
      probes: probes.map(({ id }) => id),
    },
    { ...findTrack('mnist-linf-0.3'), epsilon },
  );

/** What is attacked, and by how much, where it is not the small images in the radius of the small nets. */
interface Attacked {
  readonly epsilon?: number;
  readonly examples?: Examples;
}

async function evaluated(
  classifier: Classifier,
  { epsilon = smallEpsilon, examples = small }: Attacked = {},
): Promise<Omit<Result, 'run'>> {
  const suite = suiteAt(epsilon);
  const evaluation: Evaluation = { ...pairEvaluation(examples), suite, count: COUNT, classes: classifier.classes };
  const workers: Workers = {
    run: <T extends Task>(task: T): Promise<OutcomeOf<T>> => perform(task, { classifier, examples, now: () => 0 }),
    confirm: (x) => classify(classifier, x),
    confirmedBy: 'cpu',
  };
  return (await evaluate(evaluation, workers)).draft;
}

/** Nets that are what they seem, with how they are attacked and how many may stand. */
const sound: [string, () => Promise<Classifier>, () => Promise<Attacked>, number, number][] = [
  ['undefended', () => trainedNet(), async () => ({}), 0, 0],
  ['PGD-trained', () => trainedNet({ epsilon: smallEpsilon }), async () => ({ epsilon: 0.2 }), 0.9, 1],
  ['Undefended on MNIST', () => submitted('Undefended'), onMnist, 0, 0],
  ['Madry2018AdversarialTraining on MNIST', () => submitted('Madry2018AdversarialTraining'), onMnist, 0.8, 1],
];

async function submitted(id: string): Promise<Classifier> {
  const { submission, model } = await readSubmission(join(import.meta.dirname, '../../../submissions', id));
  return loadClassifier(submission.model.architecture, model as Uint8Array);
}

async function onMnist(): Promise<Attacked> {
  return { epsilon: 0.3, examples: await loadDataset('mnist', 'test', { limit: COUNT }) };
}

const table: string[] = [];
const note = (id: string, { robustAccuracy, flags }: Pick<Result, 'robustAccuracy' | 'flags'>) => {
  const raised = flags.map((flag) => `${flag.id} ${flag.value?.toPrecision(2)}`);
  table.push(`${id}, ${(100 * robustAccuracy.value).toFixed(0)} % stand: ${raised.join(', ') || 'none'}`);
};

let undefended: Classifier;
beforeAll(async () => {
  await startBackend('auto');
  undefended = await trainedNet();
});

afterAll(() => {
  console.log(`Flags, with their values:\n${table.join('\n')}`);
});

describe('flags', () => {
  it.each(sound)('are none for the net %s', async (id, load, attacked, least, most) => {
    const classifier = await load();
    const result = await evaluated(classifier, await attacked());
    classifier.dispose();
    note(id, result);
    expect(result.flags.map((flag) => flag.id)).toEqual([]);
    expect(result.robustAccuracy.value).toBeGreaterThanOrEqual(least);
    expect(result.robustAccuracy.value).toBeLessThanOrEqual(most);
    expect(result.probes?.['active-test']?.found).toBeGreaterThanOrEqual(0.95);
  });

  it.each(brokenDefenses)('of the defense $id name what is broken', async ({ id, defend, flags }) => {
    const result = await evaluated(defend(undefended));
    note(id, result);
    expect(result.flags.map((flag) => flag.id)).toEqual(expect.arrayContaining([...flags]));
  });

  it('of a net with k-WTA name what is broken', async () => {
    const result = await evaluated(await trainedNet({ activation: kWinners(0.05), hidden: 64 }));
    note('k-wta', result);
    expect(result.flags.map((flag) => flag.id)).toEqual(expect.arrayContaining(['black-box-beats-white-box']));
  });
});
