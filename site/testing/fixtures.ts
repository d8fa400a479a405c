import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { NamedCertificate } from '#core/certificates/certificate.ts';
import { encodeImages } from '#core/evidence/images.ts';
import { type Measured, measuredCount } from '#core/evidence/measured.ts';
import { fromBytes } from '#core/evidence/rounding.ts';
import { countCertified } from '#core/metrics/certified.ts';
import { proportion } from '#core/metrics/proportion.ts';
import { encodeSafetensors, type TensorData } from '#core/models/safetensors.ts';
import { addToLog, logName } from '#core/publication-log.ts';
import { type Flag, type Result, resultDigest } from '#core/result.ts';
import { type Submission, submissionSchema } from '#core/submission.ts';
import { findTrack, type Track, tracks } from '#core/tracks.ts';

const zeros = '0'.repeat(64);

export interface FixtureResult {
  readonly id: string;
  readonly suite: string;
  readonly track: string;
  readonly examples?: number;
  /** Of the examples, how many are still right after all attacks. */
  readonly standing?: number;
  /** What it is certified by, on how many of the first examples, and how many of these hold. */
  readonly certified?: { readonly named: NamedCertificate; readonly examples: number; readonly count: number };
  readonly flags?: readonly Flag[];
}

/** Pairs of a targeted line, the first of which were reached. */
interface FixturePairs {
  readonly id: string;
  readonly pairs: { readonly attempted: number; readonly successes: number };
}

export const pairsIn = ({ attacks }: Result): FixturePairs[] =>
  attacks.flatMap(({ id, pairs }) => (pairs === null ? [] : [{ id, pairs }]));

/** What a submission may declare, with made-up values where none are given. */
export function fixtureSubmission(over: Partial<Submission> & { readonly id: string }): Submission {
  return submissionSchema.parse({
    name: over.id,
    description: 'Made up for tests.',
    authors: ['Ada Example', 'Ben Sample', 'Cleo Specimen'],
    paper: { title: `On ${over.id}`, url: 'https://example.org/paper', venue: 'Journal of Examples', year: 2016 },
    licence: 'MIT',
    datasets: ['mnist'],
    model: { format: 'safetensors', architecture: 'papernot-mnist' },
    recipe: { method: 'standard', dataset: 'mnist' },
    ...over,
  });
}

/** A result that hangs together: digest, curve and intervals agree. Its evidence is `fixtureEvidence`. */
export function fixtureResult(fixture: FixtureResult): Result {
  const { id, suite, track, examples = 100, standing = 40, certified, flags = [] } = fixture;
  const { epsilon, norm } = trackOr(track);
  const numbers = certified && fixtureNumbers(certified.named.method, certified.count, certified.examples);
  const counted =
    certified &&
    numbers &&
    countCertified(
      { named: certified.named, numbers },
      Array.from({ length: examples }, (_, i) => i < standing),
      findTrack(track),
    );
  const clean = proportion(Math.min(examples, Math.round(examples * 0.98)), examples);
  const attack = (name: string, left: number, options: Result['attacks'][number]['options']) => ({
    id: name,
    attack: name,
    options,
    targets: 'untargeted' as const,
    norm,
    attempted: examples,
    robustAccuracy: proportion(left, examples),
    successRate: proportion(examples - left, examples),
    medianDistance: left === examples ? null : epsilon * 0.8,
    pairs: null,
    seconds: 12.5,
    forwardCalls: examples * 41,
    gradientCalls: examples * 40,
  });
  const steps = [0, 0.25, 0.5, 0.75, 1].map((share) => ({
    epsilon: share * epsilon,
    robustAccuracy: clean.value * (1 - share) + (share * standing) / examples,
  }));
  const result: Result = {
    schemaVersion: 1,
    digest: zeros,
    submission: { id, digest: zeros },
    track,
    suite: { id: suite, digest: zeros },
    backend: {
      name: 'wasm',
      device: 'cpu',
      versions: { tfjs: '4.22.0' },
      precision: 'float32',
      denormals: 'kept',
      threads: 2,
    },
    code: { commit: '0123456789abcdef0123456789abcdef01234567', lockfileDigest: zeros },
    dataset: { id: trackOr(track).dataset, split: 'test', digest: zeros },
    seed: 0,
    examples,
    cleanAccuracy: clean,
    robustAccuracy: proportion(standing, examples),
    certifiedAccuracy: counted?.certifiedAccuracy ?? null,
    ...(counted && { certificate: counted.certificate }),
    attacks: [
      attack('fgsm', Math.min(examples, standing + 20), {}),
      attack('pgd', standing, { steps: 40, randomStart: true }),
    ],
    pairs: null,
    curve: steps,
    flags: [...flags],
    evidence: {
      file: `${id}.examples.safetensors`,
      digest: sha256(fixtureEvidence(track, numbers)),
      verified: 3,
      backend: 'cpu',
    },
    run: { date: '2026-01-02T03:04:05Z', seconds: 60, host: 'test', peakMemoryBytes: 1e9 },
  };
  return { ...result, digest: resultDigest(result) };
}

/** Numbers of a certificate's method that hold for the first `count` of the examples. */
function fixtureNumbers(method: string, count: number, examples: number): Measured {
  const [holds, fails] =
    method === 'smoothing'
      ? [[9990], [0]]
      : [
          [1, 0.1],
          [-1, 0.1],
        ];
  const rows = Array.from({ length: examples }, (_, i) => (i < count ? holds : fails) ?? []);
  return { width: holds?.length ?? 1, values: Float64Array.from(rows.flat()) };
}

/**
 * Three pictures, drawn as a bar, a ring and a cross, each with noise added, in the format of `#core/evidence`; besides it
 * the clean images, and what the model says of each adversarial one.
 * @param lines targeted ones
 */
export function fixtureEvidence(
  track: string,
  certificate?: Measured,
  lines: readonly FixturePairs[] = [],
): Uint8Array {
  const { epsilon, norm } = trackOr(track);
  const images = [0, 1, 2].map((image) =>
    Uint8Array.from({ length: SIDE * SIDE }, (_, i) => (isInk(image, i) ? 230 : 0)),
  );
  const clean = (row: number) => fromBytes(images[row] ?? new Uint8Array(SIDE * SIDE));
  const noise = (i: number) =>
    norm === 'L0' ? (i % 7 === 0 ? 255 : 0) : (((i * 7919) % 3) - 1) * (norm === 'Linf' ? epsilon * 255 : 60);
  const broken = images.map((bytes, row) => ({
    row,
    pixels: fromBytes(bytes.map((byte, i) => Math.max(0, Math.min(255, byte + noise(i))))),
  }));
  const pairs = images.flatMap((_, example) =>
    [1, 4].map((r) => ({ row: example * 9 + r, pixels: broken[example]?.pixels ?? clean(example) })),
  );
  const sparse = norm === 'L0';
  return encodeSafetensors(
    Object.fromEntries([
      ['examples', tensor(Int32Array.from({ length: certificate ? measuredCount(certificate) : 3 }, (_, i) => i))],
      ...(certificate
        ? [
            [
              'certificate',
              { shape: [measuredCount(certificate), certificate.width], data: certificate.values },
            ] as const,
          ]
        : []),
      ['predictions', tensor(Int32Array.of(1, 0, 7))],
      ['x', { ...tensor(Uint8Array.from(images.flatMap((bytes) => [...bytes]))), shape: [3, SIDE, SIDE, 1] }],
      ['best.predicted', tensor(Int32Array.of(7, 6, 4))],
      ...lines.flatMap(({ id, pairs }) => {
        const code = Uint8Array.from({ length: pairs.attempted }, (_, pair) => (pair < pairs.successes ? 2 : 0));
        return [
          [`line.${id}.code`, tensor(code)] as const,
          [`line.${id}.distance`, tensor(Float64Array.from(code))] as const,
        ];
      }),
      ...encodeImages('best', broken, sparse ? clean : null),
      ...encodeImages('pairs', pairs, sparse ? (row: number) => clean(Math.floor(row / 9)) : null),
    ]),
  );
}

const SIDE = 28;

function tensor(data: TensorData): { shape: readonly number[]; data: TensorData } {
  return { shape: [data.length], data };
}

/** Tests may name a track that there is not. */
function trackOr(id: string): Pick<Track, 'epsilon' | 'norm' | 'dataset'> {
  return tracks.find((track) => track.id === id) ?? { epsilon: 1, norm: 'L2', dataset: 'mnist' };
}

/** Whether the i-th pixel of a picture lies on its bar, ring or cross. */
function isInk(image: number, i: number): boolean {
  const [row, column] = [Math.floor(i / SIDE), i % SIDE];
  const radius = Math.hypot(row - 13.5, column - 13.5);
  if (image === 0) return Math.abs(column - 13.5) < 2 && radius < 10;
  if (image === 1) return radius > 6 && radius < 9;
  return Math.min(Math.abs(row - column), Math.abs(row + column - 27)) < 2 && radius < 10;
}

/** Writes submissions and results, with their evidence, as they lie in the repository. */
export async function writeFixtures(
  folder: string,
  submissions: readonly Submission[],
  results: readonly Result[],
): Promise<void> {
  await mkdir(join(folder, 'results'), { recursive: true });
  for (const submission of submissions) {
    const home = join(folder, 'submissions', submission.id);
    await mkdir(home, { recursive: true });
    await writeFile(join(home, 'submission.yaml'), stringify(submission));
  }
  let log = '';
  for (const result of results) {
    const path = `${result.suite.id}/${result.track}/${result.submission.id}.json`;
    log = addToLog(log, { path, digest: result.digest, date: result.run.date }, logName);
    const home = join(folder, 'results', result.suite.id, result.track);
    await mkdir(home, { recursive: true });
    await writeFile(join(home, `${result.submission.id}.json`), `${JSON.stringify(result, null, 2)}\n`);
    const { certificate, certifiedAccuracy } = result;
    const count = Math.round((certifiedAccuracy?.value ?? 0) * (certificate?.examples ?? 0));
    const numbers = certificate && fixtureNumbers(certificate.method, count, certificate.examples);
    await writeFile(join(home, result.evidence.file), fixtureEvidence(result.track, numbers, pairsIn(result)));
  }
  await writeFile(join(folder, 'results', logName), log);
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
