/**
 * Our attacks beside Foolbox, torchattacks and ART, image by image. What the peers did is stored in `testing/golden`, with
 * their versions and the command that made it (`npm run bench:peers -- --golden`), so nothing here needs Python.
 *
 * Every day the first images of each case are tested, all that are stored with PARAPET_PARITY=all. A case must not be weaker than the
 * peer beyond the interval, and all cases of a comparison together must not be either.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startBackend } from '../../backends/index.ts';
import { runCascade, scaledClassifier } from '../../bench/peers/cascade.ts';
import type { Comparison, Tool } from '../../bench/peers/comparison.ts';
import { comparisons } from '../../bench/peers/comparisons/index.ts';
import { type Golden, type GoldenCase, type GoldenPeer, goldenFolder, goldenImages } from '../../bench/peers/golden.ts';
import { type Judged, judge } from '../../bench/peers/judged.ts';
import { findNet, rowsOf } from '../../bench/peers/nets.ts';
import { mcNemar } from '../metrics/mcnemar.ts';
import { median } from '../metrics/median.ts';
import { loadClassifier } from '../models/index.ts';
import { findAttack } from './index.ts';

/** A search for the nearest may end this much farther out. */
const DISTANCE_SLACK = 1.02;
/** Probability below which a difference is one. */
const LEVEL = 0.05;

const ties =
  'natively, over a black background, ties of max-pooling fall to other cells than in PyTorch; on wasm all 100 images agree';

/** Differences that are known and where they come from, by comparison, net and tool. */
const named: Readonly<Record<string, string>> = {
  'fgsm-linf-scaled Undefended 0.3 foolbox': ties,
  'fgsm-linf-scaled Undefended 0.3 torchattacks': ties,
};

const files = readdirSync(goldenFolder).filter((name) => name.endsWith('.json'));
const report: string[] = [];

beforeAll(async () => {
  await startBackend('auto');
});

afterAll(() => {
  console.log(`Parity, rows that ours and the peer broke, and agreed on:\n${report.join('\n')}`);
});

describe.each(files)('%s', (file) => {
  const golden = JSON.parse(readFileSync(join(goldenFolder, file), 'utf8')) as Golden;
  const comparison = comparisons.find(({ id }) => id === golden.comparison) as Comparison;
  const all = new Map<Tool, Paired[]>();

  test.each(golden.cases)('$net at $epsilon', async (stored) => {
    const ours = await runOurs(comparison, stored);
    for (const peer of stored.peers) {
      const name = [golden.comparison, stored.net, stored.epsilon ?? 'any', peer.tool].join(' ');
      const paired = pair(ours, peer);
      const { both, onlyOurs, onlyTheirs, rows, distances } = paired;
      const agreed = rows - onlyOurs - onlyTheirs;
      const apart = distances === null ? '' : `, ${describeDistances(distances)}`;
      const remark = name in named ? `; known: ${named[name]}` : '';
      report.push(`${name}: ${both + onlyOurs} and ${both + onlyTheirs} of ${rows}, agreed ${agreed}${apart}${remark}`);
      if (remark !== '') continue;
      requireNoWeaker(name, paired);
      if (distances !== null) requireNoFarther(name, distances, isRandom(comparison, stored));
      // Without rounding in the way, one step of the sign is the same step for all.
      if (golden.comparison === 'fgsm-linf-scaled') expect(agreed / rows, name).toBeGreaterThanOrEqual(0.98);
      all.set(peer.tool, [...(all.get(peer.tool) ?? []), paired]);
    }
  });

  test('all of them together', () => {
    for (const [tool, cases] of all) {
      const sum = (key: 'onlyOurs' | 'onlyTheirs') => cases.reduce((total, one) => total + one[key], 0);
      const name = `${golden.comparison} ${tool}`;
      requireNoWeaker(name, { onlyOurs: sum('onlyOurs'), onlyTheirs: sum('onlyTheirs') });
      const ratios = cases.flatMap(({ distances }) => distances?.ratios ?? []);
      if (ratios.length === 0) continue;
      expect(geometricMean(ratios), `${name}: farther out than the peer`).toBeLessThanOrEqual(DISTANCE_SLACK);
    }
  });
});

/** What ours and a peer made of the same rows. */
interface Paired {
  readonly rows: number;
  readonly both: number;
  readonly onlyOurs: number;
  readonly onlyTheirs: number;
  /** Of searches for the nearest. */
  readonly distances: Distances | null;
}

interface Distances {
  /** Medians over the rows that are right at first, a failure being at infinity. */
  readonly ours: number;
  readonly theirs: number;
  /** Ours over theirs, for the rows that both broke. */
  readonly ratios: readonly number[];
}

/** @param peer what it did with as many rows, or more */
function pair({ success, distance, cleanCorrect }: Judged, peer: GoldenPeer): Paired {
  const rows = success.length;
  const theirs = Uint8Array.from(peer.success.slice(0, rows), Number);
  expect(theirs, peer.tool).toHaveLength(rows);
  const count = (mine: number, other: number) =>
    theirs.reduce((sum, won, row) => sum + (success[row] === mine && won === other ? 1 : 0), 0);
  const split = { rows, both: count(1, 1), onlyOurs: count(1, 0), onlyTheirs: count(0, 1) };
  if (peer.distance === undefined) return { ...split, distances: null };
  const far = (won: number | undefined, value: number) => (won === 1 ? value : Number.POSITIVE_INFINITY);
  const stored = peer.distance.split(' ').map((text) => (text === '-' ? Number.POSITIVE_INFINITY : Number(text)));
  const right = [...cleanCorrect.keys()].filter((row) => cleanCorrect[row] === 1);
  const pairs = right.map((row) => [far(success[row], distance[row] as number), stored[row] as number] as const);
  const distances = {
    ours: median(pairs.map(([mine]) => mine)) as number,
    theirs: median(pairs.map(([, other]) => other)) as number,
    ratios: pairs.filter((two) => two.every(Number.isFinite)).map(([mine, other]) => mine / other),
  };
  return { ...split, distances };
}

function requireNoWeaker(name: string, { onlyOurs, onlyTheirs }: Pick<Paired, 'onlyOurs' | 'onlyTheirs'>) {
  if (onlyTheirs <= onlyOurs) return;
  expect(mcNemar(onlyOurs, onlyTheirs), `${name}: weaker than the peer`).toBeGreaterThan(LEVEL);
}

/** Searches that see no gradient draw at random: their medians of ten images differ by chance. */
function isRandom({ ours }: Comparison, { parameters, epsilon }: GoldenCase): boolean {
  return ours(parameters, epsilon ?? Number.NaN).some(({ attack }) => findAttack(attack).access !== 'gradient');
}

/** @param random whether a median farther out may be chance, which a sign test of the rows then says */
function requireNoFarther(name: string, { ours, theirs, ratios }: Distances, random: boolean) {
  if (ours <= DISTANCE_SLACK * theirs) return;
  const farther = ratios.filter((ratio) => ratio > 1).length;
  if (random) requireNoWeaker(`${name}, by distance`, { onlyOurs: ratios.length - farther, onlyTheirs: farther });
  else expect(ours, `${name}: farther out than the peer`).toBeLessThanOrEqual(DISTANCE_SLACK * theirs);
}

function geometricMean(values: readonly number[]): number {
  return Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);
}

function describeDistances({ ours, theirs, ratios }: Distances): string {
  const each = ratios.length === 0 ? '' : `, row by row ×${geometricMean(ratios).toFixed(3)}`;
  return `median distance ${ours.toPrecision(4)} and ${theirs.toPrecision(4)}${each}`;
}

async function runOurs({ ours, norm, targets, ...comparison }: Comparison, stored: GoldenCase): Promise<Judged> {
  const { epsilon, parameters } = stored;
  const net = await findNet(stored.net);
  expect(net.sha256, `${stored.net} has other weights than the golden values: make them again`).toBe(stored.sha256);
  const everyday = goldenImages(comparison, net.dataset, 'everyday');
  const images = process.env.PARAPET_PARITY === 'all' ? stored.images : Math.min(stored.images, everyday);
  const classifier = scaledClassifier(loadClassifier(net.architecture, await readFile(net.weights)), parameters);
  try {
    const rows = await rowsOf(net, images, targets);
    const lines = ours(parameters, epsilon ?? Number.NaN);
    const { xAdv } = await runCascade({ classifier, rows, lines, norm, epsilon, seed: 0 });
    const logitsOf = (x: Float32Array) =>
      tf.tidy(() => classifier.logits(tf.tensor4d(x, [rows.y.length, ...net.inputShape])).dataSync<'float32'>());
    const answer = { xAdv, logits: logitsOf(xAdv), cleanLogits: logitsOf(rows.x) };
    return judge(rows, answer, { classes: net.classes, norm, epsilon, peer: false });
  } finally {
    classifier.dispose();
  }
}
