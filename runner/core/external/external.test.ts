/** Judging and verifying on images of two pixels, of which the model says whether the first is the brighter. */
import { describe, expect, it } from 'vitest';
import { sha256 } from '../digest.ts';
import {
  countVerdicts,
  type ExternalResult,
  externalDigest,
  externalResultSchema,
  type Verdict,
} from '../external-result.ts';
import { decodeSafetensors, encodeSafetensors, type StoredTensor } from '../models/safetensors.ts';
import { confirmedOf, decodeExternalEvidence, encodeExternalEvidence } from './evidence.ts';
import { imageOf, judgeExternal, votesOf } from './judge.ts';
import { type ExternalSubject, verifyExternal } from './verify.ts';

/** Class 0 where the first pixel is the brighter, by less than `bias` where there is one. */
const model =
  (bias = 0) =>
  async (x: Float32Array) =>
    Float32Array.from(x, (value, i) => (i % 2 === 0 ? value : value + bias));
const track = { id: 't', norm: 'Linf', epsilon: 0.3, title: 't' } as const;
const clean = [0.6, 0.4];
/** Test examples 0 to 9 are alike: class 0. */
const examples = {
  x: Float32Array.from({ length: 20 }, (_, i) => clean[i % 2] as number),
  y: new Int32Array(10),
  count: 10,
  digest: '1'.repeat(64),
};
const by = { track, clean: (i: number) => examples.x.subarray(2 * i, 2 * i + 2), label: () => 0, classes: 2 };

const images: readonly (readonly [index: number, pixels: readonly [number, number], verdict: Verdict])[] = [
  [0, [0.4, 0.6], 'confirmed'],
  [1, [0.6, 0.4], 'classified-right'],
  [2, [0, 0.9], 'outside-ball'],
  [3, [0.8, 1.1], 'outside-range'],
  [4, [Number.NaN, 0.4], 'not-finite'],
  // The independent backend sees the first pixel brighter by 0.01 than it is.
  [6, [0.495, 0.5], 'unconfirmed'],
  [7, [0.5, 0.5], 'confirmed'],
  [9, [0.3, 0.7], 'confirmed'],
];
const handedIn = {
  index: Int32Array.from(images, ([index]) => index),
  x: Float32Array.from(images.flatMap(([, pixels]) => pixels)),
};
// A tie is no class, so the seventh is wrong wherever the two are seen alike.
const independent = async (x: Float32Array) =>
  Float32Array.from(x, (value, i) => (i % 2 === 0 && Math.abs(value - 0.495) < 1e-6 ? value + 0.01 : value));

async function honest(): Promise<ExternalSubject> {
  const verdicts = await judgeExternal(handedIn, by, { evaluating: model(), independent });
  const evidence = encodeExternalEvidence({
    index: handedIn.index,
    label: new Int32Array(images.length),
    verdicts,
    images: verdicts.flatMap((verdict, row) =>
      verdict === 'confirmed' ? [{ row, pixels: imageOf(handedIn, row) }] : [],
    ),
  });
  const zeros = '0'.repeat(64);
  const draft: ExternalResult = {
    schemaVersion: 1,
    kind: 'external-evaluation',
    digest: zeros,
    evaluation: { id: 'Someone2026Attack', digest: '2'.repeat(64) },
    submission: { id: 'Undefended', digest: '3'.repeat(64) },
    track: 'mnist-linf-0.3',
    backend: { name: 'wasm', device: 'cpu', versions: {}, precision: 'float32', denormals: 'kept', threads: 1 },
    code: { commit: 'unknown', lockfileDigest: zeros },
    dataset: { id: 'mnist', split: 'test', digest: examples.digest },
    ...countVerdicts(verdicts),
    evidence: { file: 'e.safetensors', digest: sha256(evidence), backend: 'cpu' },
    run: { date: '2026-01-01T00:00:00Z', seconds: 1, host: 'here', peakMemoryBytes: 1 },
  };
  return {
    result: { ...draft, digest: externalDigest(draft) },
    evidence,
    track,
    handedIn,
    digests: { evaluation: draft.evaluation.digest, submission: draft.submission.digest },
    examples,
    classes: 2,
    classify: independent,
  };
}

/** A forger's work: other tensors, the counts made to fit. */
function forge(subject: ExternalSubject, change: (tensors: Map<string, StoredTensor>) => void): ExternalSubject {
  const tensors = new Map(decodeSafetensors(subject.evidence).tensors);
  change(tensors);
  const evidence = encodeSafetensors(Object.fromEntries(tensors));
  const counts = countVerdicts(decodeExternalEvidence(evidence, 2).verdicts);
  return { ...subject, evidence, result: { ...subject.result, ...counts } };
}

const fieldsOf = async (subject: ExternalSubject) => (await verifyExternal(subject)).findings.map(({ field }) => field);

it('of several answers a class has as many votes as say it; one that ties says none', () => {
  const answers = [
    [1, 0, 0, 2],
    [3, 0, 0, 1],
    [0, 1, 5, 5],
  ].map((logits) => Float32Array.from(logits));
  expect([...votesOf(answers, 2)]).toEqual([2, 1, 0, 2]);
});

describe('judgeExternal', () => {
  it('says of each image what became of it, and asks the independent backend only of what the other gets wrong', async () => {
    const asked: number[] = [];
    const verdicts = await judgeExternal(handedIn, by, {
      evaluating: model(),
      independent: (x) => {
        asked.push(x.length / 2);
        return independent(x);
      },
    });
    expect(verdicts).toEqual(images.map(([, , verdict]) => verdict));
    expect(asked).toEqual([4]);
  });

  it('grants the ball the rounding of float32, and no more', async () => {
    const at = async (first: number) => {
      const one = { index: Int32Array.of(0), x: Float32Array.of(first, 0.65) };
      return judgeExternal(one, by, { evaluating: model(), independent: model() });
    };
    expect(await at(0.6 - 0.3)).toEqual(['confirmed']);
    expect(await at(0.6 - 0.30001)).toEqual(['outside-ball']);
  });
});

describe('the evidence', () => {
  it('comes back as it was written, with the positions that were confirmed', async () => {
    const { evidence } = await honest();
    const read = decodeExternalEvidence(evidence, 2);
    expect(read.verdicts).toEqual(images.map(([, , verdict]) => verdict));
    expect([...confirmedOf(read)]).toEqual([0, 7, 9]);
  });

  it.each<[string, (tensors: Map<string, StoredTensor>) => void]>([
    [
      'a verdict that there is not',
      (t) => t.set('verdict', { dtype: 'U8', shape: [8], data: new Uint8Array(8).fill(9) }),
    ],
    ['a confirmed row without an image', (t) => t.set('verdict', { dtype: 'U8', shape: [8], data: new Uint8Array(8) })],
    ['no labels', (t) => t.delete('label')],
    ['a position twice', (t) => t.set('index', { dtype: 'I32', shape: [8], data: new Int32Array(8) })],
  ])('with %s is refused', async (_, change) => {
    const subject = await honest();
    expect(() => forge(subject, change)).toThrow(expect.objectContaining({ kind: 'integrity' }));
  });
});

describe('verifyExternal', () => {
  it('finds nothing wrong with an honest result, which its schema takes', async () => {
    const subject = await honest();
    expect(externalResultSchema.parse(subject.result)).toEqual(subject.result);
    expect(subject.result).toMatchObject({ attempted: 8, valid: 5, confirmed: 3 });
    expect(await verifyExternal(subject)).toEqual({ findings: [], images: 4, differing: 0 });
  });

  it('has a digest of all but the circumstances', async () => {
    const { result } = await honest();
    const later = { ...result, run: { ...result.run, date: '2027-01-01T00:00:00Z', host: 'there' } };
    expect(externalDigest(later)).toBe(result.digest);
    expect(externalDigest({ ...result, confirmed: 2 })).not.toBe(result.digest);
  });

  it.each<[string, (subject: ExternalSubject) => ExternalSubject, string[]]>([
    [
      'weights that get an image right',
      (s) => ({ ...s, classify: async (x) => x.map((v, i) => (i % 2 ? 0 : v + 1)) }),
      ['confirmed', 'confirmed', 'confirmed'],
    ],
    ['other counts', (s) => ({ ...s, result: { ...s.result, attempted: 9 } }), ['attempted']],
    [
      'another defense',
      (s) => ({ ...s, digests: { ...s.digests, submission: 'f'.repeat(64) } }),
      ['submission.digest'],
    ],
    [
      'another evaluation',
      (s) => ({ ...s, digests: { ...s.digests, evaluation: 'f'.repeat(64) } }),
      ['evaluation.digest'],
    ],
    ['other data', (s) => ({ ...s, examples: { ...s.examples, digest: 'f'.repeat(64) } }), ['dataset.digest']],
    [
      'other images than were handed in',
      (s) => ({ ...s, handedIn: { ...s.handedIn, x: s.handedIn.x.with(1, 0.65) } }),
      ['evidence'],
    ],
    [
      'other positions',
      (s) => ({ ...s, handedIn: { ...s.handedIn, index: s.handedIn.index.with(7, 8) } }),
      ['evidence'],
    ],
    [
      'labels that are not those of the data',
      (s) => forge(s, (t) => t.set('label', { dtype: 'I32', shape: [8], data: Int32Array.of(0, 0, 0, 0, 0, 1, 0, 0) })),
      ['evidence.label'],
    ],
    [
      'an image outside the ball that was called right',
      (s) =>
        forge(s, (t) => t.set('verdict', { dtype: 'U8', shape: [8], data: Uint8Array.of(0, 2, 2, 4, 5, 1, 0, 0) })),
      ['evidence.verdict'],
    ],
    [
      'an image within the ball that was called outside',
      (s) =>
        forge(s, (t) => t.set('verdict', { dtype: 'U8', shape: [8], data: Uint8Array.of(0, 3, 3, 4, 5, 1, 0, 0) })),
      ['evidence.verdict'],
    ],
  ])('refuses %s', async (_, change, fields) => {
    expect(await fieldsOf(change(await honest()))).toEqual(fields);
  });

  it('refuses images that were dropped as right and are wrong, but for a few that nearly tie', async () => {
    const many = {
      index: Int32Array.from({ length: 3 }, (_, i) => i),
      x: Float32Array.of(0.4, 0.6, 0.4, 0.6, 0.4, 0.6),
    };
    const subject = await honest();
    const evidence = encodeExternalEvidence({
      index: many.index,
      label: new Int32Array(3),
      verdicts: Array(3).fill('classified-right'),
      images: [],
    });
    const result = { ...subject.result, ...countVerdicts(Array(3).fill('classified-right')) };
    expect(await fieldsOf({ ...subject, result, evidence, handedIn: many })).toEqual(['rejected.classified-right']);
  });
});
