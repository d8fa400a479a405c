import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { canonicalJson } from '../canonical.ts';
import { sha256, utf8 } from '../digest.ts';
import { evaluate } from '../evaluate.ts';
import { leafHash } from '../merkle.ts';
import { targeted } from '../suites/lines.ts';
import { localWorkers, pairEvaluation, pixelPairs } from '../testing/pairs.ts';
import { type Evidence, encodeEvidence, evidenceOf } from './file.ts';
import { type ExampleProof, evidenceRoot, proveExample, provesExample } from './records.ts';

beforeAll(() => tf.setBackend('cpu'));

const examples = pixelPairs([10, 100, 152, 154, -10, 254]);
const evaluation = pairEvaluation(examples);

async function honest(): Promise<{ evidence: Evidence; root: string }> {
  const { draft, evidence } = await evaluate(evaluation, localWorkers(examples));
  return { evidence: evidenceOf(evidence, evaluation), root: draft.evidence.root ?? '' };
}

describe('the root of the examples’ records', () => {
  it('is in the result, and is counted again from the file alone', async () => {
    const { evidence, root } = await honest();
    expect(root).toMatch(/^[0-9a-f]{64}$/);
    expect(evidenceRoot(evidence, undefined)).toBe(root);
  });

  it.each<[string, (e: Evidence) => Partial<Evidence>]>([
    ['an outcome', ({ lines: [line] }) => ({ lines: line ? [{ ...line, code: line.code.with(3, 1) }] : [] })],
    ['a distance', ({ lines: [line] }) => ({ lines: line ? [{ ...line, distance: line.distance.with(0, 0.2) }] : [] })],
    ['a prediction', ({ predictions }) => ({ predictions: predictions.with(5, 1) })],
    ['a label', ({ predictions }) => ({ labels: predictions })],
    ['the order', ({ examples: e }) => ({ examples: e.with(0, 1).with(1, 0) })],
    ['which examples there are', ({ examples: e }) => ({ examples: e.with(5, 4) })],
    ['an image left out', ({ best }) => ({ best: best.slice(1) })],
    [
      'the last bit of a pixel',
      ({ best: [first, ...others] }) => ({
        best: first
          ? [{ ...first, pixels: first.pixels.with(1, Math.fround(first.pixels[1] ?? 0) + 2 ** -24) }, ...others]
          : [],
      }),
    ],
  ])('is another when %s is changed', async (_, change) => {
    const { evidence, root } = await honest();
    const changed = { ...evidence, ...change(evidence) };
    expect(evidenceRoot(changed, undefined)).not.toBe(root);
  });

  it('does not depend on how the file stores an image: −0 is stored as 0', async () => {
    const { evidence, root } = await honest();
    const best = evidence.best.map(({ row, pixels }) => ({ row, pixels: pixels.map((v) => (v === 0 ? -0 : v)) }));
    const again = encodeEvidence({ ...evidence, best }, evaluation);
    expect(evidenceRoot(evidenceOf(again, evaluation), undefined)).toBe(root);
  });

  it.each<[string, (e: Evidence) => Partial<Evidence>]>([
    ['an image of no example', ({ best: [first] }) => ({ best: first ? [{ ...first, row: 6 }] : [] })],
    ['two images of one example', ({ best }) => ({ best: [...best, ...best] })],
    ['an example without a prediction', ({ examples: e }) => ({ examples: e.with(0, 6) })],
    [
      'a distance that is no number',
      ({ lines: [line] }) => ({ lines: line ? [{ ...line, distance: line.distance.with(0, Number.NaN) }] : [] }),
    ],
  ])('is refused for evidence with %s', async (_, change) => {
    const { evidence } = await honest();
    expect(() => evidenceRoot({ ...evidence, ...change(evidence) }, undefined)).toThrow(/^evidence: /);
  });

  it('covers the labels of a person’s own data', async () => {
    const own = { ...evaluation, dataset: { ...evaluation.dataset, split: 'own' as const } };
    const { draft, evidence } = await evaluate(own, localWorkers(examples));
    const proof = proveExample(evidenceOf(evidence, own), undefined, 2);
    expect(proof?.record.label).toBe(0);
    expect(proof?.root).toBe(draft.evidence.root);
  });

  it('covers the image of every pair, under the row that it is of', async () => {
    const suite = { ...evaluation.suite.suite, headline: 'bim', evidence: { images: 'pairs' as const, limit: 6 } };
    const line = targeted('bim', 'bim', 'all');
    const { attacks, ...rest } = suite;
    const paired = pairEvaluation(examples, { ...rest, attacks: { ...attacks, 'mnist-linf-0.3': [line] } });
    const read = evidenceOf((await evaluate(paired, localWorkers(examples))).evidence, paired);
    const proof = proveExample(read, 'bim', 0);
    const image = read.pairs.find(({ row }) => row === 0)?.pixels as Float32Array;
    expect(proof?.record.pairs).toEqual([{ row: 0, sha256: sha256(new Uint8Array(image.slice().buffer)) }]);
  });
});

describe('the proof of one example', () => {
  it('stands alone: record, leaf and path lead to the root', async () => {
    const { evidence, root } = await honest();
    for (let example = 0; example < 6; example++) {
      const proof = JSON.parse(JSON.stringify(proveExample(evidence, undefined, example))) as ExampleProof;
      expect(proof).toMatchObject({ index: example, size: 6, root });
      expect(proof.leaf).toBe(leafHash(utf8(canonicalJson(proof.record))));
      expect(provesExample(proof)).toBe(true);
    }
    const broken = proveExample(evidence, undefined, 1)?.record;
    expect(broken).toMatchObject({ example: 1, prediction: 0, lines: { fgsm: { code: [2] } }, pairs: [] });
    expect(broken?.image).toMatch(/^[0-9a-f]{64}$/);
    expect(proveExample(evidence, undefined, 3)?.record).toMatchObject({ image: null, lines: { fgsm: { code: [0] } } });
  });

  it('is null for an example that was not attacked', async () => {
    const { evidence } = await honest();
    expect(proveExample(evidence, undefined, 6)).toBeNull();
  });

  it('fails when anything in it is changed', async () => {
    const { evidence } = await honest();
    const proof = proveExample(evidence, undefined, 1) as ExampleProof;
    const other = '0'.repeat(64);
    for (const change of [
      { record: { ...proof.record, prediction: 1 } },
      { record: { ...proof.record, image: null } },
      { leaf: other },
      { root: other },
      { index: 2 },
      { size: 2 },
      { path: proof.path.slice(1) },
    ])
      expect(provesExample({ ...proof, ...change }), JSON.stringify(change)).toBe(false);
    fc.assert(
      fc.property(fc.nat(proof.path.length - 1), fc.nat(63), (at, digit) => {
        const hash = proof.path[at] as string;
        const changed = hash.slice(0, digit) + (hash[digit] === '0' ? '1' : '0') + hash.slice(digit + 1);
        expect(provesExample({ ...proof, path: proof.path.with(at, changed) })).toBe(false);
      }),
    );
  });
});
