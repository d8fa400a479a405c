/**
 * Our attacks beside Foolbox, torchattacks and ART, image by image. What the peers did is stored in `testing/golden`, with
 * their versions and the command that made it (`npm run bench:peers -- --golden`), so nothing here needs Python.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startBackend } from '../../backends/index.ts';
import { runCascade, scaledClassifier } from '../../bench/peers/cascade.ts';
import { type Comparison, comparisons } from '../../bench/peers/comparisons.ts';
import { type Golden, type GoldenCase, type GoldenPeer, goldenFolder } from '../../bench/peers/golden.ts';
import { type Judged, judge } from '../../bench/peers/judged.ts';
import { findNet, rowsOf } from '../../bench/peers/nets.ts';
import { mcNemar } from '../metrics/mcnemar.ts';
import { median } from '../metrics/median.ts';
import { loadClassifier } from '../models/index.ts';

/** A search for the nearest may end this much farther out. */
const DISTANCE_SLACK = 1.02;

const aborted =
  'an image of ours gives up a constant on its own, Foolbox when the sum over the batch stands still: with `abortEarly` off the ' +
  'medians are within 1 %';

/** Differences that are known and where they come from, by comparison, net and tool. */
const named: Readonly<Record<string, string>> = {
  'cw-l2 Papernot2016Distillation any foolbox': aborted,
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

  test.each(golden.cases)('$net at $epsilon', async (stored) => {
    const ours = await runOurs(comparison, stored);
    for (const peer of stored.peers) {
      const name = [golden.comparison, stored.net, stored.epsilon ?? 'any', peer.tool].join(' ');
      const theirs = Uint8Array.from(peer.success, Number);
      expect(ours.success, name).toHaveLength(theirs.length);
      const broke = (mine: number, other: number) =>
        theirs.reduce((sum, won, row) => sum + (ours.success[row] === mine && won === other ? 1 : 0), 0);
      const [both, onlyOurs, onlyTheirs] = [broke(1, 1), broke(1, 0), broke(0, 1)];
      const distances = medians(ours, peer);
      const apart =
        distances === null
          ? ''
          : `, median distance ${distances.ours.toPrecision(4)} and ${distances.theirs.toPrecision(4)}`;
      const agreed = theirs.length - onlyOurs - onlyTheirs;
      const remark = name in named ? `; known: ${named[name]}` : '';
      report.push(
        `${name}: ${both + onlyOurs} and ${both + onlyTheirs} of ${theirs.length}, agreed ${agreed}${apart}${remark}`,
      );
      if (remark !== '') continue;
      if (onlyTheirs > onlyOurs)
        expect(mcNemar(onlyOurs, onlyTheirs), `${name}: weaker than the peer`).toBeGreaterThan(0.05);
      if (distances !== null) {
        expect(distances.ours, `${name}: farther out than the peer`).toBeLessThanOrEqual(
          DISTANCE_SLACK * distances.theirs,
        );
      }
      // Without rounding in the way, one step of the sign is the same step for all.
      if (golden.comparison === 'fgsm-linf-scaled') expect(agreed / theirs.length, name).toBeGreaterThanOrEqual(0.98);
    }
  });
});

async function runOurs({ ours, norm, targets }: Comparison, stored: GoldenCase): Promise<Judged> {
  const { epsilon, images, parameters } = stored;
  const net = await findNet(stored.net);
  expect(net.sha256, `${stored.net} has other weights than the golden values: make them again`).toBe(stored.sha256);
  const classifier = scaledClassifier(loadClassifier(net.architecture, await readFile(net.weights)), parameters);
  try {
    const rows = await rowsOf(net, images, targets);
    const { xAdv } = await runCascade({ classifier, rows, lines: ours(parameters), norm, epsilon, seed: 0 });
    const logitsOf = (x: Float32Array) =>
      tf.tidy(() => classifier.logits(tf.tensor4d(x, [rows.y.length, ...net.inputShape])).dataSync<'float32'>());
    const answer = { xAdv, logits: logitsOf(xAdv), cleanLogits: logitsOf(rows.x) };
    return judge(rows, answer, { classes: net.classes, norm, epsilon, peer: false });
  } finally {
    classifier.dispose();
  }
}

/** Median distances over the rows that are right at first, a failure being at infinity; null for searches within ε. */
function medians(
  { success, distance, cleanCorrect }: Judged,
  peer: GoldenPeer,
): { ours: number; theirs: number } | null {
  if (peer.distance === undefined) return null;
  const stored = peer.distance.split(' ').map((text) => (text === '-' ? Number.POSITIVE_INFINITY : Number(text)));
  const right = [...cleanCorrect.keys()].filter((row) => cleanCorrect[row] === 1);
  const own = right.map((row) => (success[row] === 1 ? (distance[row] as number) : Number.POSITIVE_INFINITY));
  return { ours: median(own) as number, theirs: median(right.map((row) => stored[row] as number)) as number };
}
