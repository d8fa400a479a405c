/**
 * Checks a result against its evidence, the weights and the data, without trusting whoever made it.
 *
 * Robust accuracy and pairs rest on images, and every image is looked at: finite, in the pixel range, in its ball, and
 * classified wrong (or as the target) by the weights. Of the certified examples a few are measured anew. All other numbers are recounted
 * from what the evidence records. What an attack cost, and the flags that are read from its gradients, cannot be checked without running it again.
 */
import type { NamedCertificate } from '../certificates/certificate.ts';
import type { Examples } from '../datasets/dataset.ts';
import { cleanImages } from '../evaluation/clean.ts';
import { type Evidence, evidenceOf } from '../evidence/file.ts';
import { nearestDistances } from '../evidence/nearest.ts';
import { evidenceRoot } from '../evidence/records.ts';
import { predictions as predict } from '../metrics/judge.ts';
import { rightAtFirst } from '../metrics/outcomes.ts';
import { recount } from '../metrics/recount.ts';
import type { Result } from '../result.ts';
import type { ResolvedSuite } from '../suites/resolve.ts';
import { checkCertificate } from './certificate.ts';
import { checkImages } from './images.ts';
import { compareNumbers, type Finding } from './numbers.ts';

/** A result with everything that it must agree with. */
export interface Subject {
  readonly result: Result;
  readonly evidence: Uint8Array;
  readonly suite: ResolvedSuite;
  /** Digest of the submission as it lies here. */
  readonly submissionDigest: string;
  /** Digests of its parts, where it has parts. */
  readonly submissionParts?: Pick<Result['submission'], 'manifestDigest' | 'weightsDigest'>;
  /** Digests of the surrogates that the suite names, as they lie here, by id; none when absent. */
  readonly surrogates?: Readonly<Record<string, string>>;
  /** The test split, from its start, as far as the suite scans. */
  readonly examples: Examples & { readonly digest: string };
  readonly classes: number;
  /** The certificate that the submission asks for here; none when absent. */
  readonly certificate?: {
    readonly named: NamedCertificate;
    /** Its method's numbers by another backend, of examples by their positions: [positions × numbers]. */
    readonly measure: (positions: Int32Array) => Promise<Float64Array>;
  };
  /** Logits by another backend than the result's: [n × size] → [n × classes]. */
  readonly classify: (x: Float32Array) => Promise<Float32Array>;
}

export interface Verification {
  /** What does not agree; none for a result that stands. */
  readonly findings: readonly Finding[];
  /** Root of the Merkle tree over the examples' records, counted from the evidence; null where that was not looked at. */
  readonly root: string | null;
  /** Adversarial images that were looked at. */
  readonly images: number;
  /** Clean images that were classified again. */
  readonly cleanImages: number;
  /** Of these, those that this backend puts in another class: logits that nearly tie. */
  readonly differing: number;
}

/** Share of clean images that another backend may put in another class, because their two largest logits nearly tie. */
const TOLERATED = 0.001;

/** @throws ParapetError 'integrity' when the evidence file cannot be read */
export async function verify(subject: Subject): Promise<Verification> {
  const { result, suite, examples, classify, classes } = subject;
  const size = examples.x.length / examples.count;
  const findings = compareDigests(subject);
  // Other suites and data have other lines and images: nothing below would mean anything.
  if (findings.length > 0) return { findings, root: null, images: 0, cleanImages: 0, differing: 0 };
  const evidence = evidenceOf(subject.evidence, subject);
  const root = evidenceRoot(evidence, suite.suite.headline);
  findings.push(...checkRoot(result, root));
  const wrongExamples = checkSelection(subject, evidence);
  if (wrongExamples.length > 0)
    return { findings: [...findings, ...wrongExamples], root, images: 0, cleanImages: 0, differing: 0 };

  const scanned = evidence.predictions.length;
  const again = predict(await classify(examples.x.subarray(0, scanned * size)), classes);
  const differing = again.reduce((sum, prediction, i) => sum + Number(prediction !== evidence.predictions[i]), 0);
  if (differing > Math.max(1, TOLERATED * scanned)) {
    findings.push({
      field: 'cleanAccuracy',
      message: `${differing} of ${scanned} clean images are in another class than recorded`,
    });
  }
  findings.push(...(await checkImages(evidence, subject)));
  const certificate = await checkCertificate(evidence, subject);
  findings.push(...certificate.findings);

  const right = rightAtFirst({ ...evidence, y: examples.y });
  const clean = cleanImages({ examples }, evidence.examples);
  const nearest = nearestDistances(
    right,
    evidence.lines,
    evidence.best,
    clean,
    suite.track,
    suite.suite.evidence.limit,
  );
  const numbers = recount({ ...evidence, y: examples.y, nearest }, suite);
  findings.push(
    ...compareNumbers(result, { ...numbers, certificate: certificate.numbers }, suite, subject.surrogates ?? {}),
  );
  const images = evidence.best.length + evidence.pairs.length;
  if (result.evidence.verified !== images) {
    findings.push({
      field: 'evidence.verified',
      message: `${result.evidence.verified}; the file holds ${images} images`,
    });
  }
  return { findings, root, images, cleanImages: scanned, differing };
}

/** @returns digests of the result that are not those of what lies here, in the order of the links */
export function compareDigests({
  result,
  suite,
  submissionDigest,
  submissionParts = {},
  examples,
}: Omit<Subject, 'classify' | 'evidence'>): Finding[] {
  const { id, digest, ...parts } = result.submission;
  const ofPart = (part: keyof typeof parts, what: string): [string, string, string, string][] => {
    const [recorded, here] = [parts[part], submissionParts[part]];
    return recorded === undefined ? [] : [[`submission.${part}`, recorded, here ?? 'none', `${what} of ${id} here`]];
  };
  const pairs: [field: string, recorded: string, here: string, what: string][] = [
    ['submission.digest', digest, submissionDigest, `submission ${id} here`],
    ...ofPart('manifestDigest', 'the manifest'),
    ...ofPart('weightsDigest', 'the weights'),
    ['suite.digest', result.suite.digest, suite.digest, `suite ${suite.suite.id} of this program`],
    ['dataset.digest', result.dataset.digest, examples.digest, `data set ${result.dataset.id} here`],
  ];
  return pairs
    .filter(([, recorded, here]) => recorded !== here)
    .map(([field, recorded, here, what]) => ({ field, message: `${recorded}; that of ${what} is ${here}` }));
}

function checkRoot({ evidence }: Result, root: string): Finding[] {
  if (evidence.root === undefined || evidence.root === root) return [];
  return [{ field: 'evidence.root', message: `${evidence.root}; the records of the evidence have ${root}` }];
}

/** The examples must be those that the suite picks: nobody chooses their own. */
function checkSelection({ result, suite, examples }: Subject, evidence: Evidence): Finding[] {
  const { which, count } = suite.suite.examples;
  const scanned = which === 'first' ? evidence.examples.length : examples.count;
  if (evidence.predictions.length !== scanned) {
    return [
      { field: 'examples', message: `the evidence has ${evidence.predictions.length} predictions; wanted ${scanned}` },
    ];
  }
  const candidates = Array.from(evidence.predictions.keys()).filter(
    (i) => which === 'first' || evidence.predictions[i] === examples.y[i],
  );
  const isPrefix = evidence.examples.every((position, i) => position === candidates[i]);
  if (!isPrefix || evidence.examples.length > count) {
    return [{ field: 'examples', message: 'the attacked examples are not the first ones that the suite picks' }];
  }
  if (result.examples !== evidence.examples.length) {
    return [{ field: 'examples', message: `${result.examples}; the evidence has ${evidence.examples.length}` }];
  }
  return [];
}
