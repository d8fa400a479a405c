import { adversarial, distances, inBall, inBox } from '../metrics/judge.ts';
import type { Norm } from '../projections.ts';
import { fromBytes, fromSteps, inSteps, roundTowards, type SteppedImage } from './rounding.ts';

/** An image that an attack found. */
export interface Candidate {
  /** Position of the line in its suite. */
  readonly line: number;
  /** Row of that line. */
  readonly row: number;
  readonly pixels: Float32Array;
  /** In the track's norm. */
  readonly distance: number;
}

/** Something to be shown by an image: that an example is broken, or that a pair succeeded. */
export interface Claim {
  readonly x: Float32Array;
  readonly y: number;
  readonly target: number | null;
  /** Best first; claims without one are not shown. */
  readonly candidates: readonly Candidate[];
}

/** A candidate in one of the forms that it may be stored in. */
export interface Version {
  readonly candidate: Candidate;
  readonly pixels: Float32Array;
  /** What the pixels come of, where they are stored so. */
  readonly stepped?: SteppedImage;
}

/** What became of a claim: the image that shows it, if any, and the candidates that did not stand up. */
export interface Shown {
  readonly chosen: Version | null;
  readonly rejected: readonly Candidate[];
  /** Of the rejected, those outside their ball or box: a bug of ours. */
  readonly outside: number;
}

/** Logits of images: [n × size] → [n × classes]. */
export type Classify = (x: Float32Array) => Promise<Float32Array>;

export interface Judges {
  /** On the backend of the evaluation: where a rounded image must still succeed. */
  readonly evaluating: Classify;
  /** On another backend, in a process of its own: where every image must. */
  readonly independent: Classify;
  readonly classes: number;
}

interface Attempt extends Version {
  readonly rounded: boolean;
}

/** How much farther than it was found an image may be stored: at the very boundary no rounding leaves it where it is. */
const STRETCH = 1.002;

interface Pending {
  readonly claim: Claim;
  readonly attempts: Attempt[];
  readonly rejected: Candidate[];
  outside: number;
  chosen: Shown['chosen'];
}

/**
 * Finds for each claim the first image that an independent judge confirms: of each candidate in turn the version rounded
 * to 8 bits towards x; where that no longer succeeds the image in steps of its own size, at its distance or a little farther;
 * and where none of these does, the float32 image itself.
 *
 * @param ball norm and radius that every image must keep to; radius Infinity for none
 */
export async function chooseEvidence(
  claims: readonly Claim[],
  judges: Judges,
  ball: { readonly norm: Norm; readonly epsilon: (candidate: Candidate) => number },
): Promise<Shown[]> {
  const all = claims.map((claim): Pending => {
    const pending: Pending = { claim, attempts: [], rejected: [], outside: 0, chosen: null };
    for (const candidate of claim.candidates) {
      if (isInside(claim.x, candidate, ball.norm, ball.epsilon(candidate)))
        pending.attempts.push(...versions(claim.x, candidate, ball.norm, ball.epsilon(candidate)));
      else {
        pending.rejected.push(candidate);
        pending.outside++;
      }
    }
    return pending;
  });
  for (let open = all; open.length > 0; open = open.filter((p) => p.chosen === null && p.attempts.length > 0)) {
    await dropFailed(open, judges);
    const ready = open.filter((p) => p.attempts.length > 0);
    const confirmed = await judge(ready, judges.independent, judges.classes);
    ready.forEach((p, i) => {
      const attempt = p.attempts.shift();
      if (attempt === undefined) return;
      if (confirmed[i]) p.chosen = attempt;
      else if (!attempt.rounded) p.rejected.push(attempt.candidate);
    });
  }
  return all.map(({ chosen, rejected, outside }) => ({ chosen, rejected, outside }));
}

/** Takes away what is rounded and no longer succeeds, up to the first version of each that does, or is not rounded. */
async function dropFailed(open: readonly Pending[], { evaluating, classes }: Judges): Promise<void> {
  for (let asked = open; asked.length > 0; ) {
    const rounded = asked.filter((p) => p.attempts[0]?.rounded);
    const survives = await judge(rounded, evaluating, classes);
    asked = rounded.filter((_, i) => !survives[i]);
    for (const { attempts } of asked) attempts.shift();
  }
}

/** Rounded first; one that is on the 8-bit grid already has no other version. Of few changed values (L0) no steps are made. */
function versions(x: Float32Array, candidate: Candidate, norm: Norm, epsilon: number): Attempt[] {
  const raw = { candidate, pixels: candidate.pixels, rounded: false };
  const bytes = fromBytes(roundTowards(x, candidate.pixels));
  if (bytes.every((value, i) => value === raw.pixels[i])) return [raw];
  const rounded = { candidate, pixels: bytes, rounded: true };
  if (norm === 'L0') return [rounded, raw];
  const same = inSteps(x, candidate.pixels, norm);
  const stepped = [same, { ...same, scale: same.scale * STRETCH }]
    .map((image) => ({ candidate, pixels: fromSteps(x, image), stepped: image, rounded: true }))
    .filter(({ pixels }) => isInside(x, { ...candidate, pixels }, norm, epsilon));
  return [rounded, ...stepped, raw];
}

function isInside(x: Float32Array, { pixels }: Candidate, norm: Norm, epsilon: number): boolean {
  const distance = distances(x, pixels, x.length, norm)[0] as number;
  return inBall(distance, epsilon) && inBox(pixels, x.length)[0] === 1;
}

/** Whether the next attempt of each is adversarial. */
async function judge(pending: readonly Pending[], classify: Classify, classes: number): Promise<boolean[]> {
  if (pending.length === 0) return [];
  const size = pending[0]?.claim.x.length ?? 0;
  const x = new Float32Array(pending.length * size);
  pending.forEach(({ attempts }, i) => {
    x.set(attempts[0]?.pixels ?? [], i * size);
  });
  const logits = await classify(x);
  return pending.map(({ claim: { y, target } }, i) => {
    const row = logits.subarray(i * classes, (i + 1) * classes);
    return adversarial(row, classes, [y], target === null ? null : [target])[0] === 1;
  });
}
