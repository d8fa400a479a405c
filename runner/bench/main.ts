/**
 * Benchmark of the backends, `npm run bench`: how fast they are on this machine, in one run, and by what ratio; what share
 * of the device's arithmetic they reach; how much memory they take; and how the time of an attack grows with the images.
 * `--seconds N` for each pass, `--images N` for JSMA, `--weights FILE` of a trained papernot-mnist for it (by default the
 * undefended submission's), `--most-images N` for PGD (10,000 by default; 1000 leaves the longest run out), `--json`.
 */
import { existsSync } from 'node:fs';
import { loadavg } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { pickBackend } from '../backends/index.ts';
import { isInstalled } from '../backends/native-files.ts';
import type { Growth } from './growth.ts';
import type { JsmaSpeed } from './jsma.ts';
import type { PassSpeed, Speed } from './speed.ts';
import { type BenchTask, runTask } from './task.ts';
import { describeGrowth, describeJsma, describePasses, type GrowthLine, type JsmaLine, type PassLine } from './text.ts';

const architectures = ['papernot-mnist', 'papernot-cifar10'];
const weightsOf = (submission: string): string =>
  join(import.meta.dirname, '../../submissions', submission, 'weights.safetensors');
const trained = weightsOf('Undefended');
// One that images do not fall to at once: each takes all its steps.
const robust = weightsOf('Madry2018AdversarialTraining');
const { values: options } = parseArgs({
  options: {
    seconds: { type: 'string', default: '4' },
    images: { type: 'string', default: '20' },
    weights: { type: 'string', ...(existsSync(trained) ? { default: trained } : {}) },
    'most-images': { type: 'string', default: '10000' },
    json: { type: 'boolean', default: false },
  },
});

const say = (text: string): void => console.error(text);

async function passes(architecture: string): Promise<PassLine[]> {
  const seconds = Number(options.seconds);
  const task = (backend: BenchTask['backend'], threads?: number): BenchTask => ({
    backend,
    ...(threads === undefined ? {} : { threads }),
    peak: { seconds: seconds / 2 },
    speed: { architecture, batch: 256, seconds },
  });
  const lines: PassLine[] = [];
  const measure = async (setting: string, tasks: BenchTask[]): Promise<void> => {
    say(`${architecture}: ${setting}`);
    const answers = await Promise.all(tasks.map(runTask));
    lines.push({
      setting,
      speed: sum(answers.map(({ speed }) => speed as Speed)),
      peakGigaflops: answers.reduce((total, { peakGigaflops }) => total + (peakGigaflops as number), 0),
      memoryBytes: answers.reduce((total, { memoryBytes }) => total + memoryBytes, 0),
    });
  };
  await measure('wasm, one process', [task('wasm')]);
  await measure('wasm, two processes', [task('wasm'), task('wasm')]);
  if (isInstalled('cpu')) {
    await measure('native, one process', [task('native')]);
    await measure('native, two × one thread', [task('native', 1), task('native', 1)]);
  }
  if (isInstalled('cuda')) await measure('cuda', [task('cuda')]);
  return lines;
}

/** Two processes at once do the work of both. */
function sum(parts: readonly Speed[]): Speed {
  const add = (passes: readonly PassSpeed[]): PassSpeed => ({
    milliseconds: 1 / passes.reduce((rate, { milliseconds }) => rate + 1 / milliseconds, 0),
    gigaflops: passes.reduce((total, { gigaflops }) => total + gigaflops, 0),
    coreMilliseconds: passes.reduce((total, { coreMilliseconds }) => total + coreMilliseconds, 0) / passes.length,
    runs: passes.reduce((total, { runs }) => total + runs, 0),
  });
  return {
    ...(parts[0] as Speed),
    forward: add(parts.map(({ forward }) => forward)),
    inputGradient: add(parts.map(({ inputGradient }) => inputGradient)),
  };
}

async function jsma(): Promise<JsmaLine[]> {
  const lines: JsmaLine[] = [];
  const backends = (['wasm', 'native', 'cuda'] as const).filter((name) => {
    return name === 'wasm' || isInstalled(name === 'native' ? 'cpu' : 'cuda');
  });
  for (const backend of backends) {
    for (const on of ['probabilities', 'logits'] as const) {
      say(`JSMA on ${on}: ${backend}`);
      const task = { on, images: Number(options.images), ...(options.weights ? { weights: options.weights } : {}) };
      const answer = await runTask({ backend, jsma: task });
      lines.push({ backend, ...(answer.jsma as JsmaSpeed) });
    }
  }
  return lines;
}

/** On the fastest backend, each number of images in a process of its own. */
async function growth(): Promise<GrowthLine[]> {
  const lines: GrowthLine[] = [];
  if (!existsSync(robust)) return lines;
  const backend = pickBackend('auto').name;
  for (const images of [100, 1000, 10_000].filter((number) => number <= Number(options['most-images']))) {
    say(`PGD on ${images} images: ${backend}`);
    const answer = await runTask({ backend, growth: { images, weights: robust } });
    lines.push({ backend, memoryBytes: answer.memoryBytes, ...(answer.growth as Growth) });
  }
  return lines;
}

const measured = { passes: [] as PassLine[], jsma: [] as JsmaLine[], growth: [] as GrowthLine[] };
for (const architecture of architectures) measured.passes.push(...(await passes(architecture)));
measured.jsma = await jsma();
measured.growth = await growth();
say(`Load of the machine (processes at work, last minute): ${loadavg()[0]?.toFixed(1)}`);
if (options.json) console.log(JSON.stringify(measured, null, 2));
else {
  for (const architecture of architectures) {
    console.log(describePasses(measured.passes.filter(({ speed }) => speed.architecture === architecture)));
  }
  console.log(describeJsma(measured.jsma, options.weights ? basename(dirname(options.weights)) : 'random weights'));
  console.log(describeGrowth(measured.growth, basename(dirname(robust))));
}
