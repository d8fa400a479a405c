import { cleanImages } from '../evaluation/clean.ts';
import { wrongClass } from '../evaluation/targets.ts';
import type { Evidence } from '../evidence/file.ts';
import type { EvidenceImage } from '../evidence/images.ts';
import { isEligible } from '../evidence/nearest.ts';
import { adversarial, distances, inBall, inBox } from '../metrics/judge.ts';
import { type LineOutcomes, outcome, reached, rightAtFirst } from '../metrics/outcomes.ts';
import type { Finding } from './numbers.ts';
import type { Subject } from './verify.ts';

/** What an image must show. */
interface Claim {
  readonly name: string;
  readonly field: string;
  readonly pixels: Float32Array;
  readonly x: Float32Array;
  readonly y: number;
  readonly target: number | null;
  /** Largest distance in the track's norm; Infinity for none. */
  readonly radius: number;
}

/** Looks at every image of the evidence, and for every image that should be there. */
export async function checkImages(evidence: Evidence, subject: Subject): Promise<Finding[]> {
  const { claims, findings } = { claims: [] as Claim[], findings: [] as Finding[] };
  collectBest(evidence, subject, claims, findings);
  collectPairs(evidence, subject, claims, findings);
  findings.push(...checkRadii(evidence, subject));
  findings.push(...(await judge(claims, subject)));
  return findings;
}

/** Of each example that something broke, one image in the ball; of one that was only beaten beyond it, perhaps one. */
function collectBest(evidence: Evidence, { suite, examples }: Subject, claims: Claim[], findings: Finding[]): void {
  const { lines, best } = evidence;
  const {
    track,
    suite: {
      evidence: { limit },
    },
  } = suite;
  const right = rightAtFirst({ ...evidence, y: examples.y });
  const clean = cleanImages({ examples }, evidence.examples);
  const images = byRow('best', best, findings);
  right.forEach((isRight, i) => {
    const image = images.get(i);
    images.delete(i);
    const broken = lines.some((line) => reached(line, i, outcome.broken));
    const beaten = lines.some((line) => someEligible(line, i, track.norm));
    if (image === undefined) {
      if (isRight && broken && i < limit)
        findings.push({ field: 'robustAccuracy', message: `example ${i} is broken; no image shows it` });
    } else if (!isRight || !beaten || i >= limit) {
      findings.push({ field: 'robustAccuracy', message: `example ${i} has an image that no outcome calls for` });
    } else {
      const y = examples.y[evidence.examples[i] as number] as number;
      const radius = broken ? track.epsilon : Number.POSITIVE_INFINITY;
      claims.push({
        name: `image of example ${i}`,
        field: 'robustAccuracy',
        pixels: image,
        x: clean(i),
        y,
        target: null,
        radius,
      });
    }
  });
  if (images.size > 0)
    findings.push({ field: 'robustAccuracy', message: 'the evidence has images of examples that were not attacked' });
}

/** Of each pair that the headline line won, one image that reaches its target. */
function collectPairs(evidence: Evidence, { suite, examples }: Subject, claims: Claim[], findings: Finding[]): void {
  const {
    suite: {
      headline,
      evidence: { images: kind, limit },
    },
    track,
  } = suite;
  const images = byRow('pairs', evidence.pairs, findings);
  const line = evidence.lines.find((candidate) => candidate.line.id === headline);
  if (kind === 'pairs' && line !== undefined) {
    const clean = cleanImages({ examples }, evidence.examples);
    const labelOf = (i: number) => examples.y[evidence.examples[i] as number] as number;
    const targetOf = (i: number, row: number) => wrongClass(labelOf(i), row % line.rowsPerExample);
    line.code.forEach((code, row) => {
      const i = Math.floor(row / line.rowsPerExample);
      const shouldShow =
        i < limit &&
        code !== outcome.held &&
        isEligible(line, row, track.norm) &&
        (line.trackDistance[row] as number) > 0;
      const pixels = images.get(row);
      const isFree = code !== outcome.held && line.trackDistance[row] === 0;
      if (isFree && evidence.predictions[evidence.examples[i] as number] !== targetOf(i, row)) {
        findings.push({ field: 'pairs', message: `pair ${row} counts as reached without an attack, and is not` });
      }
      if (shouldShow && pixels === undefined)
        findings.push({ field: 'pairs', message: `pair ${row} succeeded; no image shows it` });
      if (!shouldShow || pixels === undefined) return;
      images.delete(row);
      const target = targetOf(i, row);
      const y = labelOf(i);
      claims.push({
        name: `image of pair ${row}`,
        field: 'pairs',
        pixels,
        x: clean(i),
        y,
        target,
        radius: line.trackDistance[row] as number,
      });
    });
  }
  if (images.size > 0)
    findings.push({ field: 'pairs', message: 'the evidence has images of pairs that did not succeed' });
}

function byRow(set: string, images: readonly EvidenceImage[], findings: Finding[]): Map<number, Float32Array> {
  const map = new Map(images.map(({ row, pixels }) => [row, pixels]));
  if (map.size < images.length) findings.push({ field: 'evidence', message: `${set}: two images of one row` });
  return map;
}

function someEligible(line: LineOutcomes, example: number, norm: Subject['suite']['track']['norm']): boolean {
  for (let row = example * line.rowsPerExample; row < (example + 1) * line.rowsPerExample; row++) {
    if (isEligible(line, row, norm)) return true;
  }
  return false;
}

/** A row that counts as broken must say a distance within the ball; codes and distances must be numbers that exist. */
function checkRadii({ lines }: Evidence, { suite: { track } }: Subject): Finding[] {
  return lines.flatMap(({ line, code, distance, trackDistance }) => {
    const isWrong = code.some((c, row) => {
      const [d, inTrack] = [distance[row] as number, trackDistance[row] as number];
      if (c > outcome.broken || !(d >= 0) || !(inTrack >= 0)) return true;
      return c === outcome.broken ? !inBall(inTrack, track.epsilon) : c === outcome.held && (d !== 0 || inTrack !== 0);
    });
    return isWrong ? [{ field: `attacks.${line.id}`, message: 'outcomes and distances do not go together' }] : [];
  });
}

async function judge(claims: readonly Claim[], { suite: { track }, classify, classes }: Subject): Promise<Finding[]> {
  const size = claims[0]?.x.length ?? 0;
  const x = new Float32Array(claims.length * size);
  claims.forEach(({ pixels }, i) => {
    x.set(pixels, i * size);
  });
  const logits = claims.length === 0 ? x : await classify(x);
  return claims.flatMap(({ name, field, pixels, x: clean, y, target, radius }, i) => {
    const say = (message: string) => [{ field, message: `${name} ${message}` }];
    if (inBox(pixels, size)[0] === 0) return say('has a pixel outside [0, 1]');
    const distance = distances(clean, pixels, size, track.norm)[0] as number;
    if (!inBall(distance, radius)) return say(`is ${distance} away in ${track.norm}; at most ${radius} is allowed`);
    const row = logits.subarray(i * classes, (i + 1) * classes);
    if (adversarial(row, classes, [y], target === null ? null : [target])[0] === 1) return [];
    return say(target === null ? 'is classified right' : `is not classified as its target ${target}`);
  });
}
