/** Every defense that is known to be broken is flagged by the diagnostics that it names, and sound nets by none. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startBackend } from '../../backends/index.ts';
import { type Evaluation, evaluate, type Workers } from '../evaluate.ts';
import { classify, perform } from '../evaluation/perform.ts';
import type { OutcomeOf, Task } from '../evaluation/tasks.ts';
import type { Classifier } from '../models/classifier.ts';
import type { Result } from '../result.ts';
import { untargeted } from '../suites/lines.ts';
import { resolveSuite } from '../suites/resolve.ts';
import { brokenDefenses, kWinners } from '../testing/broken-defenses.ts';
import { pairEvaluation } from '../testing/pairs.ts';
import { smallEpsilon, smallExamples, trainedNet } from '../testing/small-nets.ts';
import { findTrack } from '../tracks.ts';
import { probes } from './probes/index.ts';

const COUNT = 30;
const examples = smallExamples(COUNT);
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

async function evaluated(classifier: Classifier, epsilon = smallEpsilon): Promise<Omit<Result, 'run'>> {
  const suite = suiteAt(epsilon);
  const evaluation: Evaluation = { ...pairEvaluation(examples), suite, count: COUNT, classes: classifier.classes };
  const workers: Workers = {
    run: <T extends Task>(task: T): Promise<OutcomeOf<T>> => perform(task, { classifier, examples, now: () => 0 }),
    confirm: (x) => classify(classifier, x),
    confirmedBy: 'cpu',
  };
  return (await evaluate(evaluation, workers)).draft;
}

/** Nets that are what they seem, with the radius in which they are attacked and what may stand there. */
const sound: [string, () => Promise<Classifier>, number, number, number][] = [
  ['undefended', () => trainedNet(), smallEpsilon, 0, 0],
  ['PGD-trained', () => trainedNet({ epsilon: smallEpsilon }), 0.2, 0.9, 1],
];

const table: string[] = [];
const note = (id: string, { robustAccuracy, flags }: Pick<Result, 'robustAccuracy' | 'flags'>) =>
  table.push(
    `${id}: ${robustAccuracy.value.toFixed(2)} | ${flags.map((f) => `${f.id} ${f.value?.toPrecision(2)}`).join(', ')}`,
  );

let undefended: Classifier;
beforeAll(async () => {
  await startBackend('wasm');
  undefended = await trainedNet();
});

// With SHOW=1 the table of flags is printed.
afterAll(() => {
  if (process.env.SHOW === '1') console.log(table.join('\n'));
});

describe('flags', () => {
  it.each(sound)('are none for the %s net', async (id, train, epsilon, least, most) => {
    const result = await evaluated(await train(), epsilon);
    note(id, result);
    expect(result.flags.map((flag) => flag.id)).toEqual([]);
    expect(result.robustAccuracy.value).toBeGreaterThanOrEqual(least);
    expect(result.robustAccuracy.value).toBeLessThanOrEqual(most);
    expect(result.probes?.['active-test']).toMatchObject({ found: 1 });
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
