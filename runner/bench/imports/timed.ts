/** Run as a program: holds the zoo's nets and the imported ones on one backend, and times one pass for each line that comes. */
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import * as tf from '@tensorflow/tfjs';
import { type GradientModel, gradientModel, type PerExampleLoss } from '#core/gradients.ts';
import { crossEntropy } from '#core/losses.ts';
import { loadClassifier } from '#core/models/index.ts';
import { loadOnnx } from '#core/models/onnx/classifier.ts';
import { decodeSafetensors } from '#core/models/safetensors.ts';
import { assertBackend, type BackendChoice, startBackend } from '../../backends/index.ts';
import { type NetFiles, type Request, type Response, SAMPLE } from './nets.ts';

interface Loaded {
  readonly zoo: GradientModel;
  readonly import: GradientModel;
  readonly x: tf.Tensor4D;
  readonly loss: PerExampleLoss;
}

async function load({ architecture, weights, images, onnx }: NetFiles): Promise<Loaded> {
  const { tensors } = decodeSafetensors(await readFile(images));
  const [x, y] = [tensors.get('x'), tensors.get('y')];
  if (x === undefined || y === undefined) throw new Error(`${images}: no x and y`);
  return {
    zoo: gradientModel(loadClassifier(architecture, await readFile(weights))),
    import: gradientModel(loadOnnx(await readFile(onnx))),
    x: tf.tensor4d(x.data as Float32Array, x.shape as tf.Tensor4D['shape']),
    loss: crossEntropy(y.data as Int32Array),
  };
}

async function timed(model: GradientModel, { x, loss }: Loaded, pass: Request['pass']): Promise<Response> {
  const [start, before] = [performance.now(), process.cpuUsage()];
  const made = pass === 'forward' ? { logits: model.logits(x) } : model.gradient(x, loss);
  const values = await ('gradient' in made ? made.gradient : made.logits).data();
  const milliseconds = performance.now() - start;
  const { user, system } = process.cpuUsage(before);
  tf.dispose(Object.values(made));
  return { milliseconds, coreMilliseconds: (user + system) / 1000, sample: [...values.slice(0, SAMPLE)] };
}

const [backend, given] = process.argv.slice(2);
await startBackend(backend as BackendChoice);
const nets = new Map<string, Loaded>();
for (const files of JSON.parse(given ?? '') as NetFiles[]) nets.set(files.architecture, await load(files));
for await (const line of createInterface(process.stdin)) {
  const { architecture, source, pass } = JSON.parse(line) as Request;
  const net = nets.get(architecture);
  if (net === undefined || source === 'torch') throw new Error(`${backend}: no ${architecture} of ${source}`);
  console.log(JSON.stringify(await timed(net[source], net, pass)));
  assertBackend();
}
