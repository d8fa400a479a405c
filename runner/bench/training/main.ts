/**
 * How fast nets are trained, `npm run bench:training`: a step on 128 images, ordinary and against PGD of ten steps, here and in PyTorch,
 * from the same weights with the same optimiser. Both take turns, so that whatever else the machine does meets both of them.
 * `--nets ID,…`, `--rounds N`, `--backend native|wasm`, `--threads N` of both, `--json`.
 */
import { writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ParapetError } from '#core/errors.ts';
import { findArchitecture } from '#core/models/index.ts';
import { encodeSafetensors } from '#core/models/safetensors.ts';
import { exampleRandom } from '#core/random.ts';
import { initialWeights } from '#core/training/initial-weights.ts';
import { encodeWeights } from '#core/training/weights-file.ts';
import { processorName } from '../../backends/device.ts';
import { inFolder, say, sayLoad } from '../in-folder.ts';
import { installPeers, pythonEnvironment } from '../peers/install.ts';
import { startTimer } from '../timer.ts';
import { compareTraining, type Measured } from './compare.ts';
import { type Request, type Response, recipe, stepsOf, type TrainedFiles, trainedNets } from './nets.ts';
import { describeTraining } from './text.ts';

const { values: options } = parseArgs({
  options: {
    nets: { type: 'string', default: trainedNets.map(({ architecture }) => architecture).join() },
    rounds: { type: 'string', default: '15' },
    backend: { type: 'string', default: 'native' },
    threads: { type: 'string', default: String(availableParallelism()) },
    json: { type: 'boolean', default: false },
  },
});

/** The net's weights as training would start them, and images, each in a file. */
async function writeNet(id: string, folder: string): Promise<TrainedFiles> {
  const net = trainedNets.find(({ architecture }) => architecture === id);
  if (net === undefined) {
    const known = trainedNets.map(({ architecture }) => architecture).join(', ');
    throw new ParapetError('usage', `--nets: there is no '${id}'`, `the nets are ${known}`);
  }
  const architecture = findArchitecture(id);
  const [weights, images] = ['weights', 'images'].map((what) => join(folder, `${id}.${what}.safetensors`)) as [
    string,
    string,
  ];
  await writeFile(weights, encodeWeights(architecture, initialWeights(architecture, 0), 'single', {}));
  const { batch } = recipe;
  const size = architecture.inputShape.reduce((product, side) => product * side, 1);
  const rows = Int32Array.from({ length: batch }, (_, i) => i);
  const x = { shape: [batch, ...architecture.inputShape], data: exampleRandom(0, 'training').uniform(rows, 0, size) };
  const y = { shape: [batch], data: rows.map((i) => i % architecture.classes) };
  await writeFile(images, encodeSafetensors({ x, y }));
  return { ...net, weights, images };
}

async function run(folder: string): Promise<Measured[]> {
  const nets = await Promise.all(options.nets.split(',').map((id) => writeNet(id, folder)));
  const { python, packages } = await installPeers(say);
  const { threads } = options;
  const script = join(import.meta.dirname, '../peers/python/training.py');
  const timed = join(import.meta.dirname, 'timed.ts');
  const given = JSON.stringify(nets);
  const torch = startTimer<Request, Response>(
    python,
    ['-s', script, JSON.stringify({ nets, threads: Number(threads), ...recipe, steps: stepsOf })],
    pythonEnvironment(packages, Number(threads)),
  );
  const ours = startTimer<Request, Response>(process.execPath, [timed, options.backend, given], {
    ...process.env,
    PARAPET_THREADS: threads,
  });
  try {
    return await compareTraining(nets, { ours, torch }, Number(options.rounds), say);
  } finally {
    for (const timer of [ours, torch]) timer.end();
  }
}

await inFolder('training', async (folder) => {
  const measured = await run(folder);
  const machine = `${processorName()}, ${options.backend}, ${options.threads} threads, ${options.rounds} rounds, batches of ${recipe.batch}`;
  if (options.json) console.log(JSON.stringify({ machine, measured }, null, 2));
  else console.log(`${machine}\n${describeTraining(measured)}`);
  sayLoad();
});
