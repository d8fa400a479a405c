import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Experiment, Step, TrainedNet } from '#core/claims/experiment.ts';
import { judge, stored } from '#core/claims/judged.ts';
import { outcomesOf, values } from '#core/claims/outcomes-file.ts';
import { softmaxRegression } from '#core/models/softmax-regression.ts';
import { standard } from '#core/training/standard.ts';
import { type BackendReport, startBackend } from '../backends/index.ts';
import { type ExperimentRun, runExperiment } from './run-experiment.ts';

/** Images of 4 × 4, bright on the left for class 0 and on the right for class 1. */
function halves(count: number) {
  const y = Int32Array.from({ length: count }, (_, row) => row % 2);
  const x = Float32Array.from({ length: count * 16 }, (_, i) =>
    Math.floor((i % 4) / 2) === (y[Math.floor(i / 16)] as number) ? 0.9 : 0.1,
  );
  return { x, y, count, digest: 'b'.repeat(64) };
}

const net: TrainedNet = {
  id: 'net',
  architecture: softmaxRegression('tiny', 'Tiny', [4, 4, 1], 2),
  method: standard,
  seed: 0,
  options: { epochs: 2, dropout: 0, learningRate: 0.5, batchSize: 8 },
};

let folder: string;
let backend: BackendReport;
let ran: string[];

beforeAll(async () => {
  backend = await startBackend('wasm');
});
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parapet-claims-'));
  ran = [];
});
afterEach(() => rm(folder, { recursive: true }));

const step = (id: string): Step => ({
  id,
  async run({ test, net: ready, pause }) {
    ran.push(id);
    return stored('said', await judge(ready('net'), test().x, pause));
  },
});

function experimentOf(steps: readonly Step[], seed = 0): Experiment {
  return { id: 'tiny', title: '', source: '', protocol: '', seed, nets: [net], steps, figures: [] };
}

function runOf(experiment: Experiment, more: Partial<ExperimentRun> = {}): ExperimentRun {
  const data = { id: 'mnist', train: halves(32), test: halves(6) };
  const out = join(folder, 'out');
  return { claim: { id: 'paper' }, experiment, data, side: 4, backend, out, work: join(folder, 'work'), ...more };
}

const outcomesAt = async (path: string) => outcomesOf(await readFile(path), 'paper', 'tiny');

describe('an experiment', () => {
  it('trains its net, keeps what every step finds, and says what it came from', async () => {
    const { outcomes, provenance } = await outcomesAt(await runExperiment(runOf(experimentOf([step('a'), step('b')]))));
    expect(Object.keys(outcomes).sort()).toEqual([
      'a.said.confidence',
      'a.said.predicted',
      'b.said.confidence',
      'b.said.predicted',
    ]);
    expect([...values(outcomes, 'a.said.predicted')]).toEqual([0, 1, 0, 1, 0, 1]);
    expect(Object.keys(provenance.nets)).toEqual(['net']);
    expect(provenance.backend.name).toBe('wasm');
  });

  it('goes on where it was interrupted, to the bytes of a run that was not', async () => {
    const whole = await readFile(
      await runExperiment(runOf(experimentOf([step('a'), step('b')]), { work: join(folder, 'other') })),
    );
    const controller = new AbortController();
    const stopping: Step = {
      id: 'b',
      async run(context) {
        controller.abort();
        await context.pause(0);
        throw new Error('it went on');
      },
    };
    ran = [];
    await expect(
      runExperiment(runOf(experimentOf([step('a'), stopping]), { signal: controller.signal })),
    ).rejects.toMatchObject({
      kind: 'interrupted',
      exitCode: 130,
    });
    const epochs: string[] = [];
    const resumed = await runExperiment(
      runOf(experimentOf([step('a'), step('b')]), { onMessage: (text) => epochs.push(text) }),
    );
    expect(ran).toEqual(['a', 'b']);
    expect(epochs).toEqual([]);
    expect((await readFile(resumed)).equals(whole)).toBe(true);
  });

  it('begins anew when something that decides it has changed', async () => {
    await runExperiment(runOf(experimentOf([step('a')])));
    const messages: string[] = [];
    await runExperiment(runOf(experimentOf([step('a')], 1), { onMessage: (text) => messages.push(text) }));
    expect(ran).toEqual(['a', 'a']);
    expect(messages).toContain('tiny: begun anew, seed changed');
  });

  it('refuses a net that it does not name', async () => {
    const asking: Step = {
      id: 'a',
      run: async ({ net: ready }) => stored('x', await judge(ready('other'), new Float32Array(16), async () => {})),
    };
    await expect(runExperiment(runOf(experimentOf([asking])))).rejects.toThrow("it names no net 'other'");
  });

  it('trains a generative adversarial net once, and hands on what it makes', async () => {
    const messages: string[] = [];
    const sampling: Step = {
      id: 'a',
      async run({ gan }) {
        const { history, grids, generate } = gan();
        const images = await generate(3, 7);
        expect(await generate(3, 7)).toEqual(images);
        expect(images.every((value) => value >= 0 && value <= 1)).toBe(true);
        const data = Int32Array.of(history.length, grids.length, grids[0]?.side ?? 0, images.length);
        return { counts: { shape: [4], data } };
      },
    };
    const experiment = { ...experimentOf([sampling]), gan: { epochs: 1, seed: 0 } };
    const onMessage = (text: string) => messages.push(text);
    const { outcomes, provenance } = await outcomesAt(await runExperiment(runOf(experiment, { onMessage })));
    expect([...values(outcomes, 'a.counts')]).toEqual([1, 1, 32, 48]);
    expect(provenance.nets['generator']).toMatch(/^[0-9a-f]{64}$/);
    await runExperiment(runOf({ ...experiment, seed: 1 }, { onMessage }));
    expect(messages.filter((text) => text.startsWith('gan:'))).toEqual(['gan: epoch 1 of 1']);
  });

  it('counts the evidence of a published result anew', async () => {
    const wanted = { id: 'e', suite: 'papernot2016', track: 'mnist-l0-112', submission: 'Undefended' };
    const reading: Step = {
      id: 'a',
      run: async ({ evidence }) => ({ code: { shape: [900], data: values(evidence('e'), 'line.jsma-logits.code') } }),
    };
    const { outcomes } = await outcomesAt(
      await runExperiment(runOf({ ...experimentOf([reading]), evidence: [wanted] })),
    );
    expect(values(outcomes, 'a.code')).toHaveLength(900);
    await expect(runExperiment(runOf({ ...experimentOf([reading]), id: 'other' }))).rejects.toThrow(
      "it names no evidence 'e'",
    );
  });

  it('says which submission is missing', async () => {
    const experiment = { ...experimentOf([step('a')]), nets: [{ id: 'net', submission: 'Nobody2020Nothing' }] };
    await expect(runExperiment(runOf(experiment))).rejects.toThrow('submissions/Nobody2020Nothing is not there');
  });
});
