/**
 * Every defense that is known to be broken is flagged by the diagnostics that it names, and sound nets by none: two small ones, and two
 * submissions on MNIST. Ends with the table of who raised what.
 */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startBackend } from '../../backends/index.ts';
import { loadDataset } from '../../files/datasets.ts';
import { readSubmission } from '../../files/submissions.ts';
import type { Classifier } from '../models/classifier.ts';
import { openSent, type SentModel } from '../models/sent-model.ts';
import type { Result } from '../result.ts';
import { untargeted } from '../suites/lines.ts';
import { brokenDefenses, kWinners } from '../testing/broken-defenses.ts';
import { evaluated, type Trial } from '../testing/evaluated.ts';
import { smallEpsilon, smallExamples, trainedNet } from '../testing/small-nets.ts';
import { probes } from './probes/index.ts';

const COUNT = 20;

const steps = { steps: 60, relativeStepSize: 0.1 };

const lines = [
  untargeted('fgsm', 'fgsm'),
  untargeted('pgd-ce', 'pgd', { loss: 'ce', ...steps }),
  untargeted('pgd-margin', 'pgd', { loss: 'margin', restarts: 2, ...steps }),
  untargeted('square', 'square', { queries: 300 }),
  untargeted('noise', 'noise', { draws: 50 }),
];

/** Every example against every line and probe, as far as nothing else is said. */
const trial: Trial = {
  lines,
  examples: smallExamples(COUNT),
  epsilon: smallEpsilon,
  probes: probes.map(({ id }) => id),
};

/** Nets that are what they seem, with how they are attacked and how many may stand. */
const sound: [string, () => Promise<Classifier>, () => Promise<Partial<Trial>>, number, number][] = [
  ['undefended', () => trainedNet(), async () => ({}), 0, 0],
  ['PGD-trained', () => trainedNet({ epsilon: smallEpsilon }), async () => ({ epsilon: 0.2 }), 0.9, 1],
  ['Undefended on MNIST', () => submitted('Undefended'), onMnist, 0, 0],
  ['Madry2018AdversarialTraining on MNIST', () => submitted('Madry2018AdversarialTraining'), onMnist, 0.8, 1],
];

async function submitted(id: string): Promise<Classifier> {
  const { sent } = await readSubmission(join(import.meta.dirname, '../../../submissions', id));
  return openSent(sent as SentModel);
}

async function onMnist(): Promise<Partial<Trial>> {
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
    const result = await evaluated(classifier, { ...trial, ...(await attacked()) });
    classifier.dispose();
    note(id, result);
    expect(result.flags.map((flag) => flag.id)).toEqual([]);
    expect(result.robustAccuracy.value).toBeGreaterThanOrEqual(least);
    expect(result.robustAccuracy.value).toBeLessThanOrEqual(most);
    expect(result.probes?.['active-test']?.found).toBeGreaterThanOrEqual(0.95);
  });

  it.each(brokenDefenses)('of the defense $id name what is broken', async ({ id, defend, flags }) => {
    const result = await evaluated(defend(undefended), trial);
    note(id, result);
    expect(result.flags.map((flag) => flag.id)).toEqual(expect.arrayContaining([...flags]));
  });

  it('of a net with k-WTA name what is broken', async () => {
    const result = await evaluated(await trainedNet({ activation: kWinners(0.05), hidden: 64 }), trial);
    note('k-wta', result);
    expect(result.flags.map((flag) => flag.id)).toEqual(expect.arrayContaining(['black-box-beats-white-box']));
  });
});
