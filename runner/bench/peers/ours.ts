/** Run as a program by `runTasks`: `ours.ts TASK.json…` runs our attacks as `python/run.py` runs a peer's. */
import { readFile, writeFile } from 'node:fs/promises';
import * as tf from '@tensorflow/tfjs';
import { gradientModel } from '#core/gradients.ts';
import { crossEntropy } from '#core/losses.ts';
import { loadClassifier } from '#core/models/index.ts';
import { decodeSafetensors, encodeSafetensors } from '#core/models/safetensors.ts';
import { assertBackend, startBackend } from '../../backends/index.ts';
import { runCascade, scaledClassifier } from './cascade.ts';
import type { Measured, Task } from './task.ts';

const { versions } = await startBackend('native');
for (const file of process.argv.slice(2)) {
  const task = JSON.parse(await readFile(file, 'utf8')) as Task;
  const line = await run(task).catch((error: Error) => ({ failed: error.message.replaceAll('\n', ' ') }));
  console.log(JSON.stringify(line));
}

async function run(task: Task): Promise<Measured> {
  const net = loadClassifier(task.architecture, await readFile(task.weights));
  const classifier = scaledClassifier(net, task.parameters);
  const { tensors } = decodeSafetensors(await readFile(task.images));
  const x = tensors.get('x')?.data as Float32Array;
  const [y, examples] = ['y', 'example'].map((name) => tensors.get(name)?.data) as [Int32Array, Int32Array];
  const target = (tensors.get('target')?.data as Int32Array | undefined) ?? null;
  const shape: [number, number, number, number] = [y.length, ...task.inputShape];

  // The first passes of a shape are slow; they are the same in every tool and not what is compared.
  const clean = tf.tensor4d(x, shape);
  const model = gradientModel(classifier);
  for (let pass = 0; pass < 2; pass++) tf.dispose({ ...model.gradient(clean, crossEntropy(y)) });
  const cleanLogits = await classifier.logits(clean).data<'float32'>();

  const start = performance.now();
  const cpu = process.cpuUsage();
  const { xAdv, forwardCalls, gradientCalls } = await runCascade({
    ...task,
    classifier,
    rows: { x, y, target, examples },
  });
  const seconds = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  const logits = await classifier.logits(tf.tensor4d(xAdv, shape)).data<'float32'>();
  assertBackend();

  const perClass = [y.length, task.classes];
  const out = {
    xAdv: { shape, data: xAdv },
    logits: { shape: perClass, data: logits },
    cleanLogits: { shape: perClass, data: cleanLogits },
  };
  await writeFile(task.out, encodeSafetensors(out));
  const memoryBytes = process.resourceUsage().maxRSS * 1024;
  return { seconds, cpuSeconds: (user + system) / 1e6, memoryBytes, forwardCalls, gradientCalls, versions };
}
