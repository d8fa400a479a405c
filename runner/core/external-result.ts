import { z } from 'zod';
import { digestOf } from './digest.ts';
import { externalKind } from './external-evaluation.ts';
import { resultSchema } from './result.ts';
import { parseAs } from './result-text.ts';

/**
 * What became of an image of an external evaluation; its place in this list is its code in the evidence. Only the first lowers
 * a row: wrong on two backends, in the ball, and a picture.
 */
export const verdicts = [
  'confirmed',
  /** Wrong on the backend of the evaluation and right on the independent one. */
  'unconfirmed',
  'classified-right',
  'outside-ball',
  'outside-range',
  'not-finite',
] as const;

export type Verdict = (typeof verdicts)[number];

const { digest: sha256, examples: count, backend, code, run } = resultSchema.shape;
const identity = z.strictObject({ id: z.string(), digest: sha256 });

/**
 * The published result of an external evaluation: what was attempted on which row, and how many images stand. `digest` is the
 * SHA-256 of the RFC 8785 form without `digest` and `run`, as that of a result is.
 */
export const externalResultSchema = z.strictObject({
  schemaVersion: z.literal(1),
  kind: z.literal(externalKind),
  digest: sha256,
  /** The external evaluation; `digest` is over its manifest and its examples. */
  evaluation: identity,
  /** The defense that the images are of, as it was. */
  submission: identity,
  track: z.string(),
  backend,
  code,
  dataset: z.strictObject({ id: z.string(), split: z.literal('test'), digest: sha256 }),
  /** Images that were handed in. */
  attempted: count,
  /** Of these, those that are pictures within the track's ball. */
  valid: count,
  /** Of the valid, those that the model gets wrong, here and on the independent backend. */
  confirmed: count,
  /** Why the others do not count. */
  rejected: z.strictObject({
    unconfirmed: count,
    'classified-right': count,
    'outside-ball': count,
    'outside-range': count,
    'not-finite': count,
  }),
  evidence: z.strictObject({
    file: z.string(),
    digest: sha256,
    /** The backend that confirmed the images. */
    backend: z.string(),
  }),
  run,
});

export type ExternalResult = z.infer<typeof externalResultSchema>;

/** Digest of the result of an external evaluation: everything in it except the digest itself and the circumstances. */
export function externalDigest(result: ExternalResult | Omit<ExternalResult, 'digest' | 'run'>): string {
  const { digest: _digest, run: _run, ...rest } = result as ExternalResult;
  return digestOf(rest);
}

/** Reads the published result of an external evaluation. @throws ParapetError 'integrity'; see `parseAs` */
export function parseExternalResult(bytes: Uint8Array, name: string): ExternalResult {
  const readers = new Map([[1, externalResultSchema]]);
  return parseAs({ readers, digest: externalDigest }, bytes, name);
}

/** The counts of a result, from the verdict on each image. */
export function countVerdicts(
  judged: readonly Verdict[],
): Pick<ExternalResult, 'attempted' | 'valid' | 'confirmed' | 'rejected'> {
  const of = (verdict: Verdict) => judged.filter((one) => one === verdict).length;
  const rejected = {
    unconfirmed: of('unconfirmed'),
    'classified-right': of('classified-right'),
    'outside-ball': of('outside-ball'),
    'outside-range': of('outside-range'),
    'not-finite': of('not-finite'),
  };
  const confirmed = of('confirmed');
  const valid = confirmed + rejected.unconfirmed + rejected['classified-right'];
  return { attempted: judged.length, valid, confirmed, rejected };
}
