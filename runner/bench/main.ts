/**
 * Benchmark of the backends, `npm run bench`: how fast they are on this machine, in one run, and by what ratio.
 * `--seconds N` for each pass, `--images N` for JSMA, `--weights FILE` of a trained papernot-mnist (by default the
 * undefended submission's), `--json`.
 */
import { existsSync } from 'node:fs';
import { loadavg } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { isInstalled } from '../backends/native-files.ts';
import type { JsmaSpeed } from './jsma.ts';
import type { PassSpeed, Speed } from './speed.ts';
import { type BenchTask, runTask } from './task.ts';

const architectures = ['papernot-mnist', 'papernot-cifar10'];
const trained = join(import.meta.dirname, '../../submissions/Undefended/weights.safetensors');
const { values: options } = parseArgs({
  options: {
    seconds: { type: 'string', default: '4' },
    images: { type: 'string', default: '20' },
    weights: { type: 'string', ...(existsSync(trained) ? { default: trained } : {}) },
    json: { type: 'boolean', default: false },
  },
});

interface Line {
  readonly setting: string;
  readonly speed: Speed;
}

const say = (text: string): void => console.error(text);

async function speeds(architecture: string): Promise<Line[]> {
  const task = (backend: BenchTask['backend'], threads?: number): BenchTask => ({
    backend,
    ...(threads === undefined ? {} : { threads }),
    speed: { architecture, batch: 256, seconds: Number(options.seconds) },
  });
  const lines: Line[] = [];
  const measure = async (setting: string, tasks: BenchTask[]): Promise<void> => {
    say(`${architecture}: ${setting}`);
    const answers = await Promise.all(tasks.map(runTask));
    lines.push({ setting, speed: sum(answers.map(({ speed }) => speed as Speed)) });
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

async function jsmaSpeeds(): Promise<(JsmaSpeed & { backend: string })[]> {
  const results: (JsmaSpeed & { backend: string })[] = [];
  const backends = (['wasm', 'native', 'cuda'] as const).filter((name) => {
    return name === 'wasm' || isInstalled(name === 'native' ? 'cpu' : 'cuda');
  });
  for (const backend of backends) {
    for (const on of ['probabilities', 'logits'] as const) {
      say(`JSMA on ${on}: ${backend}`);
      const jsma = { on, images: Number(options.images), ...(options.weights ? { weights: options.weights } : {}) };
      const answer = await runTask({ backend, jsma });
      results.push({ backend, ...(answer.jsma as JsmaSpeed) });
    }
  }
  return results;
}

const passes = [];
for (const architecture of architectures) passes.push(...(await speeds(architecture)));
const jsma = await jsmaSpeeds();
say(`Load of the machine (processes at work, last minute): ${loadavg()[0]?.toFixed(1)}`);
if (options.json) console.log(JSON.stringify({ passes, jsma }, null, 2));
else {
  for (const architecture of architectures) {
    const lines = passes.filter(({ speed }) => speed.architecture === architecture);
    const slowest = lines[0]?.speed as Speed;
    console.log(
      `\n${architecture}, ${slowest.batch} images, median     forward: clock, cores             input gradient`,
    );
    for (const { setting, speed } of lines) {
      const cells = (['forward', 'inputGradient'] as const).map((pass) => {
        const { milliseconds, coreMilliseconds, gigaflops } = speed[pass];
        const ratio = slowest[pass].milliseconds / milliseconds;
        const times = `${milliseconds.toFixed(1).padStart(7)} ms ${coreMilliseconds.toFixed(0).padStart(5)} ms`;
        return `${times} ${gigaflops.toFixed(1).padStart(6)} GFLOP/s ×${ratio.toFixed(1)}`;
      });
      console.log(`  ${setting.padEnd(25)}${cells.join('   ')}`);
    }
  }
  console.log(`\nJSMA, 14.5 % of MNIST, ${options.weights ? basename(dirname(options.weights)) : 'random weights'}`);
  for (const { backend, on, pairsPerSecond, pairs, gradientsPerPair, successRate } of jsma) {
    const rate = `${pairsPerSecond.toFixed(1).padStart(7)} pairs/s`;
    const work = `${gradientsPerPair.toFixed(1)} gradients a pair, ${(100 * successRate).toFixed(1)} % reach the target`;
    console.log(`  ${backend.padEnd(8)}${on.padEnd(14)}${rate}   (${pairs} pairs, ${work})`);
  }
}
