/** Run as a program: takes steps of training on one backend, for each line that comes. */
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { findArchitecture } from '#core/models/index.ts';
import { decodeSafetensors } from '#core/models/safetensors.ts';
import { decodeWeights } from '#core/models/weights.ts';
import { adversarial } from '#core/training/adversarial.ts';
import { zeros } from '#core/training/batches.ts';
import { type EpochInput, runEpoch } from '#core/training/descent.ts';
import type { Phase } from '#core/training/method.ts';
import { standard } from '#core/training/standard.ts';
import { assertBackend, type BackendChoice, startBackend } from '../../backends/index.ts';
import { type Kind, type Request, type Response, recipe, stepsOf, type TrainedFiles } from './nets.ts';

/** An epoch of one batch, which it is stepped on as often as one time takes. */
async function prepare({ architecture: id, epsilon, weights, images }: TrainedFiles, kind: Kind): Promise<EpochInput> {
  const architecture = findArchitecture(id);
  const { tensors } = decodeSafetensors(await readFile(images));
  const [x, y] = ['x', 'y'].map((name) => tensors.get(name)?.data) as [Float32Array, Int32Array];
  const { learningRate, momentum, batch, attackSteps, relativeStepSize } = recipe;
  const descent = { epochs: 1, batchSize: batch, learningRate, momentum, dropout: 0, annealEpochs: 0 };
  const attack = { ...descent, epsilon, attackSteps, relativeStepSize, warmupEpochs: 0 };
  const [options, [phase]] =
    kind === 'standard'
      ? [standard.optionsSchema.parse(descent), standard.phases(standard.optionsSchema.parse(descent))]
      : [adversarial.optionsSchema.parse(attack), adversarial.phases(adversarial.optionsSchema.parse(attack))];
  const start = Object.fromEntries(decodeWeights(architecture, await readFile(weights)));
  const labels = new Float32Array(batch * architecture.classes);
  for (const [row, label] of y.entries()) labels[row * architecture.classes + label] = 1;
  return {
    architecture,
    options,
    phase: { ...(phase as Phase), replays: stepsOf[kind] },
    seed: 0,
    epoch: 0,
    data: { x, labels, count: batch },
    weights: start,
    slots: { velocity: zeros(start) },
  };
}

async function timed(input: EpochInput, steps: number): Promise<Response> {
  const [start, before] = [performance.now(), process.cpuUsage()];
  const { loss } = await runEpoch(input);
  const milliseconds = (performance.now() - start) / steps;
  const { user, system } = process.cpuUsage(before);
  return { milliseconds, coreMilliseconds: (user + system) / 1000 / steps, loss };
}

const [backend, given] = process.argv.slice(2);
await startBackend(backend as BackendChoice);
const nets = JSON.parse(given ?? '') as TrainedFiles[];
const prepared = new Map<string, EpochInput>();
for await (const line of createInterface(process.stdin)) {
  const { architecture, kind } = JSON.parse(line) as Request;
  const key = `${architecture} ${kind}`;
  const files = nets.find((net) => net.architecture === architecture);
  if (files === undefined) throw new Error(`${backend}: no ${architecture}`);
  const input = prepared.get(key) ?? (await prepare(files, kind));
  prepared.set(key, input);
  console.log(JSON.stringify(await timed(input, stepsOf[kind])));
  assertBackend();
}
