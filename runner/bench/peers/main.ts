/**
 * Parapet beside the field's Python tools, `npm run bench:peers`: the same weights, images, budget and threads, each tool in
 * a process of its own. `--nets ID,…` (submissions), `--attacks ID,…` (comparisons, or searches in every norm), `--images N`,
 * `--tools NAME,…`, `--threads N`, `--epsilon E`, `--seed N`, `--limit SECONDS`, `--json`; `--flush-denormals` has PyTorch take
 * numbers below 1e-38 for 0, which is not its default; `--golden` stores the peers' outcomes for the parity test instead;
 * `--missing` for what is not there yet; `--install` only sets up the environment.
 */
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ParapetError } from '#core/errors.ts';
import { processorName } from '../../backends/device.ts';
import { inFolder, say, sayLoad } from '../in-folder.ts';
import { type Comparison, type Tool, tools } from './comparison.ts';
import { comparisons, headline } from './comparisons/index.ts';
import { writeGolden } from './golden.ts';
import { installPeers } from './install.ts';
import { measure, type Run, requireSameNet, toolsOf } from './measure.ts';
import { findNet, type Net, rowsOf, trackEpsilon, writeRows } from './nets.ts';
import { type Compared, describe, geometricMean, ratioOf } from './text.ts';

const { values: options } = parseArgs({
  options: {
    nets: { type: 'string', default: 'Undefended,Papernot2016Distillation' },
    attacks: { type: 'string' },
    tools: { type: 'string', default: tools.join() },
    images: { type: 'string', default: '256' },
    threads: { type: 'string', default: String(availableParallelism()) },
    epsilon: { type: 'string' },
    seed: { type: 'string', default: '0' },
    limit: { type: 'string', default: '7200' },
    json: { type: 'boolean', default: false },
    golden: { type: 'boolean', default: false },
    missing: { type: 'boolean', default: false },
    'flush-denormals': { type: 'boolean', default: false },
    install: { type: 'boolean', default: false },
  },
});

function whole(name: 'images' | 'threads' | 'seed' | 'limit', least: number): number {
  const value = Number(options[name]);
  if (Number.isInteger(value) && value >= least) return value;
  throw new ParapetError('usage', `--${name}: '${options[name]}'; wanted a whole number from ${least}`);
}

/** The comparisons that `--attacks` names, by id or by search; without it those that the field measures defenses with. */
function chosen(): Comparison[] {
  const names = options.attacks?.split(',') ?? (options.golden ? comparisons.map(({ id }) => id) : headline);
  return names.flatMap((name) => {
    const found = comparisons.filter(({ id, search }) => id === name || search === name);
    if (found.length > 0) return found;
    const known = comparisons.map(({ id }) => id).join(', ');
    throw new ParapetError('usage', `--attacks: there is no '${name}'`, `the comparisons are ${known}`);
  });
}

function wantedTools(): Tool[] {
  return options.tools.split(',').map((name) => {
    const tool = tools.find((candidate) => candidate === name);
    if (tool !== undefined) return tool;
    throw new ParapetError('usage', `--tools: there is no '${name}'`, `the tools are ${tools.join(', ')}`);
  });
}

async function run(scratch: string): Promise<void> {
  const nets = await Promise.all(options.nets.split(',').map(findNet));
  const wanted = chosen();
  const common = {
    threads: whole('threads', 1),
    seed: whole('seed', 0),
    limit: whole('limit', 1),
    flushDenormals: options['flush-denormals'],
    scratch,
  };
  const environment = await installPeers(say);
  if (options.install) return say(`The peers are in ${environment.packages}`);
  if (options.golden) {
    return writeGolden(wanted, nets, wantedTools(), environment, { ...common, missing: options.missing }, say);
  }
  const all: Compared[] = [];
  for (const net of nets) {
    for (const comparison of wanted) all.push(await compareOn(net, comparison));
  }
  if (options.json)
    return console.log(JSON.stringify({ device: processorName(), ...common, all: all.map(plain) }, null, 2));
  for (const { id } of nets) {
    const here = all.filter(({ net }) => net === id);
    const ratio = geometricMean(here.map(ratioOf).filter((value) => value !== null));
    console.log(
      `\n${id}, ${options.images} images, ${common.threads} threads of ${processorName()}\n${describe(here)}`,
    );
    if (ratio !== null) console.log(`Fastest peer over Parapet, geometric mean: ×${ratio.toFixed(2)}`);
  }
  sayLoad();

  async function compareOn(net: Net, comparison: Comparison): Promise<Compared> {
    const { id, parameters, norm, kind, targets } = comparison;
    const rows = await rowsOf(net, whole('images', 1), targets);
    const images = join(scratch, 'rows.safetensors');
    await writeRows(images, rows, net);
    const epsilon = kind !== 'fixed-epsilon' ? null : Number(options.epsilon ?? trackEpsilon(net.dataset, norm));
    const setting = { ...common, net, rows, images, comparison, parameters, epsilon };
    const runs: Run[] = [];
    for (const tool of toolsOf(comparison)) {
      if (tool !== 'parapet' && !wantedTools().includes(tool)) continue;
      const done = await measure(setting, tool, environment);
      runs.push(done);
      say(`${net.id} ${id} ${tool}: ${done.state === 'done' ? `${done.answer.seconds.toFixed(2)} s` : done.problem}`);
      const [ours] = runs;
      if (ours?.state === 'done' && done.state === 'done') requireSameNet(ours.answer, done.answer, tool);
    }
    return { net: net.id, comparison, epsilon, rows: rows.y.length, runs };
  }
}

/** A comparison without images, for `--json`. */
function plain(compared: Compared) {
  const { net, epsilon, rows, comparison, runs } = compared;
  const { id, norm, kind, parameters, peers } = comparison;
  return {
    net,
    comparison: id,
    norm,
    kind,
    epsilon,
    rows,
    parameters,
    fastestPeerOverParapet: ratioOf(compared),
    runs: runs.map((run) => {
      if (run.state !== 'done') return run;
      const { xAdv, logits, cleanLogits, ...measured } = run.answer;
      const { robustAccuracy, medianDistance, outside } = run.judged;
      const remark = run.tool === 'parapet' ? null : peers[run.tool];
      return { tool: run.tool, state: run.state, remark, robustAccuracy, medianDistance, outside, ...measured };
    }),
  };
}

await inFolder('peers', run);
