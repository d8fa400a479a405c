import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { classify } from '../evaluation/perform.ts';
import type { StoredTensor } from '../models/safetensors.ts';
import { type Result, resultDigest } from '../result.ts';
import { forge, honestSubject } from '../testing/forged.ts';
import { brighter, localWorkers, pairEvaluation, pixelPairs } from '../testing/pairs.ts';
import { type Link, linkOf } from './links.ts';
import { type Subject, verify } from './verify.ts';

beforeAll(() => tf.setBackend('cpu'));

const examples = { ...pixelPairs([10, 100, 152, 154, -10, 254]), digest: '1'.repeat(64) };

const subject = () =>
  honestSubject(pairEvaluation(examples), localWorkers(examples), {
    examples,
    classes: 2,
    classify: (x) => classify(brighter, x),
  });

/** Another result of the same evidence, its digest made to fit. */
function withResult(one: Subject, changes: Partial<Result>): Subject {
  const result = { ...one.result, ...changes };
  return { ...one, result: { ...result, digest: resultDigest(result) } };
}

function withLine(one: Subject, changes: Partial<Result['attacks'][number]>): Subject {
  return withResult(one, { attacks: one.result.attacks.map((attack) => ({ ...attack, ...changes })) });
}

const parts = { manifestDigest: '3'.repeat(64), weightsDigest: '4'.repeat(64) };

const fieldsOf = async (one: Subject) => (await verify(one)).findings.map(({ field }) => field);

describe('verify', () => {
  it('finds nothing wrong with an honest result, and has looked at every image', async () => {
    const honest = await subject();
    const { root } = honest.result.evidence;
    expect(await verify(honest)).toEqual({ findings: [], root, images: 3, cleanImages: 6, differing: 0 });
  });

  it('takes a result from before there were roots, and counts the root of its evidence', async () => {
    const honest = await subject();
    const { root, ...evidence } = honest.result.evidence;
    const older = forge({ ...honest, result: { ...honest.result, evidence } }, () => {}, {});
    const { root: _, ...before } = older.result.evidence;
    const result = { ...older.result, evidence: before };
    expect(await verify({ ...older, result })).toMatchObject({ findings: [], root });
  });

  it.each<[Link, (honest: Subject) => Subject]>([
    ['root', (honest) => withResult(honest, { evidence: { ...honest.result.evidence, root: '9'.repeat(64) } })],
    ['submission', (honest) => ({ ...honest, submissionDigest: '9'.repeat(64) })],
    ['submission', (honest) => ({ ...honest, submissionParts: { ...parts, weightsDigest: '9'.repeat(64) } })],
    ['submission', (honest) => ({ ...honest, submissionParts: { ...parts, manifestDigest: '9'.repeat(64) } })],
    ['submission', (honest) => ({ ...honest, submissionParts: {} })],
    ['suite', (honest) => ({ ...honest, suite: { ...honest.suite, digest: '9'.repeat(64) } })],
    ['dataset', (honest) => ({ ...honest, examples: { ...examples, digest: '9'.repeat(64) } })],
    ['surrogates', (honest) => withLine(honest, { surrogates: [{ id: 'Other', digest: '9'.repeat(64) }] })],
    ['numbers', (honest) => withResult(honest, { robustAccuracy: { value: 1, low: 0.6, high: 1 } })],
    ['numbers', (honest) => withResult(honest, { evidence: { ...honest.result.evidence, verified: 2 } })],
  ])('says that the link to the %s fails, and no other (%#)', async (link, change) => {
    const honest = await subject();
    const whole = withResult(
      { ...honest, submissionParts: parts },
      { submission: { ...honest.result.submission, ...parts } },
    );
    expect((await verify(whole)).findings).toEqual([]);
    const failing = (await verify(change(whole))).findings.map(({ field }) => linkOf(field));
    expect([...new Set(failing)]).toEqual([link]);
  });

  it('refuses one pixel of the evidence changed by 0.5 unless the image still is what it should be, digests made to fit', async () => {
    const honest = await subject();
    let refused = 0;
    for (let at = 0; at < 6; at++) {
      let stands = false;
      const forged = forge(honest, (tensors) => {
        const bytes = tensors.get('best.bytes')?.data as Uint8Array;
        bytes[at] = ((bytes[at] as number) + 128) % 256;
        const image = bytes.subarray(at - (at % 2), at - (at % 2) + 2);
        const x = examples.x.subarray(at - (at % 2)).map((value) => Math.round(value * 255));
        stands =
          image.every((v, i) => Math.abs(v - (x[i] as number)) <= 76) && (image[0] as number) <= (image[1] as number);
      });
      const fields = await fieldsOf(forged);
      if (!stands) expect(fields).toContain('robustAccuracy');
      refused += Number(fields.length > 0);
    }
    expect(refused).toBeGreaterThanOrEqual(3);
  });

  it.each([
    ['a better robust accuracy', { robustAccuracy: { value: 1, low: 0.6, high: 1 } }, 'robustAccuracy'],
    ['a better clean accuracy', { cleanAccuracy: { value: 1, low: 0.6, high: 1 } }, 'cleanAccuracy'],
    ['a curve that falls later', { curve: [{ epsilon: 0, robustAccuracy: 1 }] }, 'curve'],
    ['a certificate that nobody computed', { certifiedAccuracy: { value: 1, low: 1, high: 1 } }, 'certifiedAccuracy'],
    ['fewer examples', { examples: 5 }, 'examples'],
    ['another suite', { suite: { id: 'test', digest: '9'.repeat(64) } }, 'suite.digest'],
    ['other weights', { submission: { id: 'Brighter', digest: '9'.repeat(64) } }, 'submission.digest'],
    ['other data', { dataset: { id: 'pairs', split: 'test' as const, digest: '9'.repeat(64) } }, 'dataset.digest'],
    ['a line left out', { attacks: [] }, 'attacks'],
  ])('names the field of %s', async (_, change, field) => {
    expect(await fieldsOf(forge(await subject(), () => {}, change))).toContain(field);
  });

  it('grants a distance the rounding that the judge of the run grants, and no more', async () => {
    const honest = await subject();
    const beyond = (excess: number) =>
      forge(honest, (tensors) => {
        const data = tensors.get('line.fgsm.distance')?.data as Float64Array;
        for (const [row, distance] of data.entries()) {
          if (distance > 0) data[row] = honest.suite.track.epsilon * (1 + excess);
        }
      });
    expect(await fieldsOf(beyond(5e-7))).not.toContain('attacks.fgsm');
    expect(await fieldsOf(beyond(5e-6))).toContain('attacks.fgsm');
  });

  it('names the attack whose numbers were changed', async () => {
    const honest = await subject();
    const attacks = honest.result.attacks.map((attack) => ({ ...attack, medianDistance: 9, options: { steps: 1 } }));
    const fields = await fieldsOf(forge(honest, () => {}, { attacks }));
    expect(fields).toEqual(['attacks.fgsm.medianDistance', 'attacks.fgsm.options']);
  });

  it.each([
    [
      'an outcome turned from broken to held',
      (t: Map<string, StoredTensor>) => (t.get('line.fgsm.code')?.data as Uint8Array | undefined)?.fill(0, 0, 1),
    ],
    [
      'an outcome turned from held to broken',
      (t: Map<string, StoredTensor>) => (t.get('line.fgsm.code')?.data as Uint8Array | undefined)?.fill(2, 5, 6),
    ],
    [
      'a prediction turned right',
      (t: Map<string, StoredTensor>) => (t.get('predictions')?.data as Uint8Array | undefined)?.fill(0),
    ],
    [
      'a distance beyond the ball',
      (t: Map<string, StoredTensor>) =>
        (t.get('line.fgsm.distance')?.data as Float64Array | undefined)?.fill(0.31, 0, 1),
    ],
  ])('refuses %s', async (_, change) => {
    expect(await fieldsOf(forge(await subject(), change))).not.toEqual([]);
  });

  it('refuses examples of the forger’s choice', async () => {
    const forged = forge(await subject(), (tensors) =>
      (tensors.get('examples')?.data as Int32Array | undefined)?.fill(3),
    );
    expect(await fieldsOf(forged)).toEqual(['examples']);
  });

  it('throws an integrity error on evidence that cannot be read', async () => {
    const honest = await subject();
    await expect(verify({ ...honest, evidence: honest.evidence.slice(0, -1) })).rejects.toMatchObject({
      kind: 'integrity',
    });
    const without = forge(honest, (tensors) => tensors.delete('line.fgsm.code'));
    await expect(verify(without)).rejects.toMatchObject({ kind: 'integrity' });
  });

  it('refuses weights that classify otherwise', async () => {
    const other = {
      ...(await subject()),
      classify: async (x: Float32Array) => (await classify(brighter, x)).map((z) => -z),
    };
    expect([...new Set(await fieldsOf(other))]).toEqual(['cleanAccuracy', 'robustAccuracy']);
  });
});
