import type { Examples } from '../datasets/dataset.ts';
import type { Classify } from '../evidence/choose.ts';
import { countVerdicts, type ExternalResult } from '../external-result.ts';
import type { ThreatModel } from '../tracks.ts';
import type { Finding } from '../verification/numbers.ts';
import { decodeExternalEvidence, type ExternalEvidence } from './evidence.ts';
import type { ExternalExamples } from './examples.ts';
import { areWrong, imageOf, judgeShape } from './judge.ts';

/** The result of an external evaluation with everything that it must agree with. */
export interface ExternalSubject {
  readonly result: ExternalResult;
  readonly evidence: Uint8Array;
  readonly track: ThreatModel;
  /** What was handed in, as it lies here. */
  readonly handedIn: ExternalExamples;
  /** Digests of the external evaluation and of the defense as they lie here. */
  readonly digests: { readonly evaluation: string; readonly submission: string };
  /** The test set from its start, at least as far as the images reach. */
  readonly examples: Examples & { readonly digest: string };
  readonly classes: number;
  /** Logits by another backend than the result's: [n × size] → [n × classes]. */
  readonly classify: Classify;
}

export interface ExternalVerification {
  /** What does not agree; none for a result that stands. */
  readonly findings: readonly Finding[];
  /** Adversarial images that were classified. */
  readonly images: number;
  /** Images that were rejected because the model got them right, and that it gets wrong here. */
  readonly differing: number;
}

/** Share of the images that were found right and may be wrong here, because their two largest logits nearly tie. */
const TOLERATED = 0.001;

/**
 * Checks the result of an external evaluation without trusting whoever made it: every image is looked at again.
 * @throws ParapetError 'integrity' when the evidence file cannot be read
 */
export async function verifyExternal(subject: ExternalSubject): Promise<ExternalVerification> {
  const { result, handedIn, examples, track, classes, classify } = subject;
  const findings = compareDigests(subject);
  // Images of another row, or on other data: nothing below would mean anything.
  if (findings.length > 0) return { findings, images: 0, differing: 0 };
  const size = examples.x.length / examples.count;
  const evidence = decodeExternalEvidence(subject.evidence, size);
  const by = {
    track,
    clean: (position: number) => examples.x.subarray(position * size, (position + 1) * size),
    label: (position: number) => examples.y[position] as number,
    classes,
  };
  if (!isSame(evidence.index, handedIn.index)) {
    findings.push({ field: 'evidence', message: 'its positions in the test set are not those that were handed in' });
    return { findings, images: 0, differing: 0 };
  }
  findings.push(...compareImages(evidence, handedIn, by.label));
  judgeShape(handedIn, track, by.clean).forEach((shape, row) => {
    const recorded = evidence.verdicts[row];
    const found = shape ?? (isPicture(recorded) ? recorded : 'within the ball');
    if (recorded === found) return;
    findings.push({
      field: 'evidence.verdict',
      message: `image of example ${handedIn.index[row]} is recorded as ${recorded}; it is ${found}`,
    });
  });
  const rowsOf = (...wanted: readonly string[]) =>
    evidence.verdicts.flatMap((verdict, row) => (wanted.includes(verdict) ? [row] : []));
  const confirmed = await areWrong(handedIn, rowsOf('confirmed'), by, classify);
  for (const [row, wrong] of confirmed) {
    if (!wrong) {
      findings.push({ field: 'confirmed', message: `image of example ${handedIn.index[row]} is classified right` });
    }
  }
  const right = await areWrong(handedIn, rowsOf('classified-right'), by, classify);
  const differing = [...right.values()].filter(Boolean).length;
  if (differing > Math.max(1, TOLERATED * right.size)) {
    findings.push({
      field: 'rejected.classified-right',
      message: `${differing} of the ${right.size} images that were found right are wrong here`,
    });
  }
  findings.push(...compareCounts(result, evidence));
  return { findings, images: confirmed.size + right.size, differing };
}

/** Verdicts of images that the model was asked about. */
function isPicture(verdict: string | undefined): boolean {
  return verdict === 'confirmed' || verdict === 'unconfirmed' || verdict === 'classified-right';
}

function isSame(a: ArrayLike<number>, b: ArrayLike<number>): boolean {
  return a.length === b.length && Array.prototype.every.call(a, (value, i) => value === b[i]);
}

function compareDigests({ result, digests, examples }: ExternalSubject): Finding[] {
  const pairs: [field: string, recorded: string, here: string, what: string][] = [
    ['evaluation.digest', result.evaluation.digest, digests.evaluation, `evaluation ${result.evaluation.id} here`],
    ['submission.digest', result.submission.digest, digests.submission, `submission ${result.submission.id} here`],
    ['dataset.digest', result.dataset.digest, examples.digest, `data set ${result.dataset.id} here`],
  ];
  return pairs
    .filter(([, recorded, here]) => recorded !== here)
    .map(([field, recorded, here, what]) => ({ field, message: `${recorded}; that of ${what} is ${here}` }));
}

/** The evidence holds what was handed in, and the labels of the data set. */
function compareImages(
  { index, label, images }: ExternalEvidence,
  handedIn: ExternalExamples,
  labelOf: (position: number) => number,
): Finding[] {
  const findings: Finding[] = [];
  for (const { row, pixels } of images) {
    if (isSame(pixels, imageOf(handedIn, row))) continue;
    findings.push({ field: 'evidence', message: `image of example ${index[row]} is not the one that was handed in` });
  }
  index.forEach((position, row) => {
    if (label[row] === labelOf(position)) return;
    findings.push({
      field: 'evidence.label',
      message: `example ${position} is of class ${labelOf(position)}, not ${label[row]}`,
    });
  });
  return findings;
}

function compareCounts(result: ExternalResult, { verdicts }: ExternalEvidence): Finding[] {
  return Object.entries(countVerdicts(verdicts)).flatMap(([field, counted]) => {
    const recorded = result[field as 'attempted' | 'valid' | 'confirmed' | 'rejected'];
    const [is, wanted] = [JSON.stringify(recorded), JSON.stringify(counted)];
    return is === wanted ? [] : [{ field, message: `${is}; recounted ${wanted}` }];
  });
}
