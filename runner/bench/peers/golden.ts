import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeDurable } from '../../files/durable.ts';
import type { Comparison, Tool } from './comparison.ts';
import type { PeerEnvironment } from './install.ts';
import type { Judged } from './judged.ts';
import { judgeRun, type Setting, taskOf } from './measure.ts';
import { type Net, rowsOf, writeRows } from './nets.ts';
import { runTasks, type Task } from './task.ts';

export const goldenFolder = join(import.meta.dirname, '../../core/testing/golden');

/** Outcomes of peers on one net at one radius. */
export interface GoldenCase {
  readonly net: string;
  /** Of the weights. */
  readonly sha256: string;
  readonly images: number;
  /** null for a search at any distance. */
  readonly epsilon: number | null;
  readonly parameters: Comparison['parameters'];
  readonly peers: readonly GoldenPeer[];
}

/** What one peer did. */
export interface GoldenPeer {
  readonly tool: Tool;
  /** 1 for each row that it broke, in order. */
  readonly success: string;
  /** Distance of each row, four digits, a dash where it failed; of searches for the nearest only. */
  readonly distance?: string;
  readonly seed: number;
  readonly flushDenormals: boolean;
  readonly date: string;
  readonly versions: Readonly<Record<string, string>>;
}

/** A file of `runner/core/testing/golden`: what the peers did with one comparison. */
export interface Golden {
  readonly comparison: string;
  readonly command: string;
  readonly cases: readonly GoldenCase[];
}

/**
 * Radii at which some rows fall and some stand, by net or else by data set. The first is that of a comparison with one radius.
 * The PGD-trained nets stand where the others are long gone.
 */
const radii: Readonly<Record<string, readonly [number, ...number[]]>> = {
  'mnist Linf': [0.1, 0.05, 0.3],
  'mnist L2': [1.5, 2],
  'mnist L1': [10, 20],
  'mnist L0': [20, 112],
  'Madry2018AdversarialTraining Linf': [0.35, 0.3],
  'Madry2018AdversarialTraining L2': [2.5, 4],
  'Madry2018AdversarialTraining L1': [40, 20],
  'Madry2018AdversarialTraining L0': [112],
  'cifar10 Linf': [2 / 255, 8 / 255],
  'cifar10 L2': [0.25, 0.5],
  'cifar10 L1': [4, 12],
  'cifar10 L0': [20, 112],
  'Madry2018AdversarialCifar Linf': [8 / 255, 2 / 255],
  'Madry2018AdversarialCifar L2': [0.5, 0.25],
  'Madry2018AdversarialCifar L1': [12, 4],
};

/**
 * Shares of a comparison's images that are stored, by data set, and that the everyday test takes, which is to be over in two minutes.
 * The net of CIFAR-10 works six times as long on an image as that of MNIST.
 */
const shares: Readonly<Record<string, { readonly stored: number; readonly everyday: number }>> = {
  mnist: { stored: 1, everyday: 0.5 },
  cifar10: { stored: 0.5, everyday: 0.1 },
};

/** A median of fewer images says nothing. */
const FEWEST = 5;

/** How many of the first images are stored, or tested every day. */
export function goldenImages(
  { golden }: Pick<Comparison, 'golden'>,
  dataset: string,
  how: 'stored' | 'everyday',
): number {
  const images = golden?.images ?? 0;
  return Math.max(Math.min(images, FEWEST), Math.ceil(images * (shares[dataset]?.[how] ?? 0)));
}

/** @param one whether only the first is wanted; [null] where there is no radius */
function radiiOf({ id, dataset }: Net, { kind, norm }: Comparison, one: boolean): readonly (number | null)[] {
  if (kind !== 'fixed-epsilon') return [null];
  const all = radii[`${id} ${norm}`] ?? radii[`${dataset} ${norm}`] ?? [];
  return one ? all.slice(0, 1) : all;
}

/**
 * Runs peers at the golden setting of each comparison and stores what they did, a file a comparison. What a file has of other
 * nets, radii and tools stays, so one can be done at a time; with `missing` what it has of these stays too.
 */
export async function writeGolden(
  comparisons: readonly Comparison[],
  nets: readonly Net[],
  tools: readonly Tool[],
  environment: PeerEnvironment,
  common: Common & { readonly missing: boolean },
  say: (text: string) => void,
): Promise<void> {
  for (const tool of tools) {
    const settings: Setting[] = [];
    for (const comparison of comparisons) {
      if (!(tool in comparison.peers)) continue;
      const all = await goldenSettings(comparison, nets, common);
      const { cases } = await readGolden(comparison.id);
      const stored = (one: Setting) => neighboursOf(one, cases).some((peer) => peer.tool === tool);
      settings.push(...(common.missing ? all.filter((one) => !stored(one)) : all));
    }
    const [first, ...others] = settings.map((setting) => taskOf(setting, tool));
    if (first === undefined) continue;
    let next = 0;
    for await (const outcome of runTasks([first, ...others] as [Task, ...Task[]], environment, common.limit)) {
      const setting = settings[next++] as Setting;
      const { comparison, net, epsilon } = setting;
      const name = `${tool} ${comparison.id} ${net.id} ${epsilon ?? ''}`;
      if ('failed' in outcome) {
        say(`${name}: ${outcome.failed}`);
        continue;
      }
      const judged = judgeRun(setting, tool, outcome);
      await store(setting, { tool, ...bits(judged, comparison.kind), ...stamp(setting, outcome.versions) });
      const won = judged.success.reduce((sum, flag) => sum + flag, 0);
      say(
        `${name}: ${won} of ${judged.success.length}, ${judged.medianDistance ?? '-'}, ${outcome.cpuSeconds.toFixed(1)} s of a core`,
      );
    }
  }
}

type Common = Pick<Setting, 'threads' | 'seed' | 'flushDenormals' | 'limit' | 'scratch'>;

/** Everything that a comparison's golden file is of: nets by radii. */
async function goldenSettings(comparison: Comparison, nets: readonly Net[], common: Common): Promise<Setting[]> {
  const { golden, id, targets } = comparison;
  if (golden === null) return [];
  const settings: Setting[] = [];
  for (const net of nets) {
    const rows = await rowsOf(net, goldenImages(comparison, net.dataset, 'stored'), targets);
    const images = join(common.scratch, `${id}-${net.id}-rows.safetensors`);
    await writeRows(images, rows, net);
    for (const epsilon of radiiOf(net, comparison, golden.oneRadius === true)) {
      // JSMA's radius is one of its own options as well.
      const own: Comparison['parameters'] =
        'maxFeatures' in comparison.parameters && epsilon !== null ? { maxFeatures: epsilon } : {};
      const special = golden.ofDataset?.[net.dataset];
      const parameters = { ...comparison.parameters, ...golden.parameters, ...special, ...own };
      settings.push({ ...common, comparison, net, rows, images, parameters, epsilon });
    }
  }
  return settings;
}

/** Puts what a peer did into the file of its comparison, in place of what it did there before. */
async function store(setting: Setting, peer: GoldenPeer): Promise<void> {
  const { comparison, net, epsilon, parameters } = setting;
  const { cases } = await readGolden(comparison.id);
  const neighbours = neighboursOf(setting, cases).filter(({ tool }) => tool !== peer.tool);
  const peers = [...neighbours, peer].sort((a, b) => (a.tool < b.tool ? -1 : 1));
  const images = goldenImages(comparison, net.dataset, 'stored');
  const now: GoldenCase = { net: net.id, sha256: net.sha256, images, epsilon, parameters, peers };
  const same = isOf(setting);
  const all = cases.some(same) ? cases.map((one) => (same(one) ? now : one)) : [...cases, now];
  const flush = peer.flushDenormals ? ' --flush-denormals' : '';
  const nets = [...new Set(all.map((one) => one.net))].join();
  const command = `npm run bench:peers -- --golden${flush} --attacks ${comparison.id} --nets ${nets}`;
  const golden: Golden = { comparison: comparison.id, command, cases: all };
  await writeDurable(join(goldenFolder, `${comparison.id}.json`), `${JSON.stringify(golden, null, 2)}\n`);
}

async function readGolden(id: string): Promise<Pick<Golden, 'cases'>> {
  return readFile(join(goldenFolder, `${id}.json`), 'utf8').then(
    (text) => JSON.parse(text) as Golden,
    () => ({ cases: [] }),
  );
}

const isOf =
  ({ net, epsilon }: Setting) =>
  (one: GoldenCase) =>
    one.net === net.id && one.epsilon === epsilon;

/** What peers did in the same setting; what was made with another budget or other weights is none of that. */
function neighboursOf(setting: Setting, cases: readonly GoldenCase[]): readonly GoldenPeer[] {
  const { comparison, net, parameters } = setting;
  const before = cases.find(isOf(setting));
  const fits =
    before?.sha256 === net.sha256 &&
    before.images === goldenImages(comparison, net.dataset, 'stored') &&
    JSON.stringify(before.parameters) === JSON.stringify(parameters);
  return fits ? before.peers : [];
}

function bits({ success, distance }: Judged, kind: Comparison['kind']) {
  const text = success.join('');
  if (kind !== 'minimum-norm') return { success: text };
  const four = Array.from(distance, (value, row) => (success[row] === 1 ? String(Number(value.toPrecision(4))) : '-'));
  return { success: text, distance: four.join(' ') };
}

function stamp({ seed, flushDenormals }: Setting, versions: GoldenPeer['versions']) {
  return { seed, flushDenormals, date: new Date().toISOString().slice(0, 10), versions };
}
