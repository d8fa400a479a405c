/**
 * How fast an imported net is, `npm run bench:imports`: the zoo's net, the same net as PyTorch exports it, and PyTorch itself, on the
 * same weights and images. All take turns, a pass at a time, so that whatever else the machine does meets all of them.
 * `--nets ID,…`, `--rounds N`, `--backends native,wasm`, `--threads N` of native and of PyTorch, `--json`.
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
import { processorName } from '../../backends/device.ts';
import { isInstalled } from '../../backends/native-files.ts';
import { runTool } from '../../backends/tools.ts';
import { inFolder, say, sayLoad } from '../in-folder.ts';
import { installPeers, pythonEnvironment } from '../peers/install.ts';
import { startTimer } from '../timer.ts';
import { compare, type Measured, type Timers } from './compare.ts';
import { type ImportNet, importNets, type NetFiles } from './nets.ts';
import { describeImports } from './text.ts';

const { values: options } = parseArgs({
  options: {
    nets: { type: 'string', default: importNets.map(({ architecture }) => architecture).join() },
    rounds: { type: 'string', default: '15' },
    backends: { type: 'string', default: isInstalled('cpu') ? 'native,wasm' : 'wasm' },
    threads: { type: 'string', default: String(availableParallelism()) },
    json: { type: 'boolean', default: false },
  },
});

/** The net's weights as training would start them, and images, each in a file. */
async function writeNet({ architecture: id, batch }: ImportNet, folder: string): Promise<NetFiles> {
  const architecture = findArchitecture(id);
  const { parameters, inputShape, classes } = architecture;
  const [weights, images, onnx] = ['weights.safetensors', 'images.safetensors', 'onnx'].map((ending) =>
    join(folder, `${id}.${ending}`),
  ) as [string, string, string];
  const values = initialWeights(architecture, 0);
  const stored = parameters.map(({ name, shape }) => [name, { shape, data: values[name] as Float32Array }]);
  await writeFile(weights, encodeSafetensors(Object.fromEntries(stored)));
  const size = inputShape.reduce((product, side) => product * side, 1);
  const x = exampleRandom(0, 'imports').uniform(
    Int32Array.from({ length: batch }, (_, i) => i),
    0,
    size,
  );
  const y = Int32Array.from({ length: batch }, (_, i) => i % classes);
  const tensors = { x: { shape: [batch, ...inputShape], data: x }, y: { shape: [batch], data: y } };
  await writeFile(images, encodeSafetensors(tensors));
  return { architecture: id, weights, images, onnx };
}

async function run(folder: string): Promise<Measured[]> {
  const chosen = options.nets.split(',').map((id) => {
    const net = importNets.find(({ architecture }) => architecture === id);
    if (net !== undefined) return net;
    const known = importNets.map(({ architecture }) => architecture).join(', ');
    throw new ParapetError('usage', `--nets: there is no '${id}'`, `the nets are ${known}`);
  });
  const { python, packages } = await installPeers(say);
  const env = pythonEnvironment(packages, Number(options.threads));
  const nets = JSON.stringify(await Promise.all(chosen.map((net) => writeNet(net, folder))));
  const script = join(import.meta.dirname, '../peers/python/imports.py');
  say('PyTorch exports the nets');
  await runTool(python, ['-s', script, 'export', nets], {
    env,
    hint: 'npm run bench:peers -- --install sets Python up',
  });
  const timed = join(import.meta.dirname, 'timed.ts');
  const own = { ...process.env, PARAPET_THREADS: options.threads };
  const timers: Timers = {
    torch: startTimer(python, ['-s', script, 'time', nets, options.threads], env),
    backends: Object.fromEntries(
      options.backends.split(',').map((name) => [name, startTimer(process.execPath, [timed, name, nets], own)]),
    ),
  };
  try {
    return await compare(chosen, timers, Number(options.rounds), say);
  } finally {
    for (const timer of [timers.torch, ...Object.values(timers.backends)]) timer.end();
  }
}

await inFolder('imports', async (folder) => {
  const measured = await run(folder);
  const machine = `${processorName()}, ${options.threads} threads, ${options.rounds} rounds`;
  if (options.json) console.log(JSON.stringify({ machine, measured }, null, 2));
  else console.log(`${machine}\n${describeImports(measured)}`);
  sayLoad();
});
