import type { NamedCertificate } from '../certificates/certificate.ts';
import type { Reading } from '../diagnostics/probes/probe.ts';
import type { Classifier } from '../models/classifier.ts';
import type { Norm } from '../projections.ts';
import type { SuiteAttack } from '../suites/suite.ts';

/** Classifies consecutive examples as they are. */
export interface CleanTask {
  readonly kind: 'clean';
  readonly start: number;
  readonly count: number;
}

/** One attack line against one chunk of examples: the unit of batching, journal and shard. */
export interface AttackTask {
  readonly kind: 'attack';
  readonly line: SuiteAttack;
  readonly norm: Norm;
  readonly epsilon: number;
  readonly seed: number;
  /** Number of the chunk in its line. */
  readonly chunk: number;
  /** Positions of the examples in the data set. */
  readonly examples: Int32Array;
  /** Positions in `examples` of those that the attack meets, ascending; all when null. Rows of the others hold. */
  readonly meets: Int32Array | null;
  /** Which images to send back: of the successes that may serve as evidence, of every row, or none. */
  readonly keep: 'evidence' | 'all' | 'none';
}

/** Asks for the logits of given images. */
export interface PredictTask {
  readonly kind: 'predict';
  /** float32 [images, height, width, channels] */
  readonly x: Float32Array;
  /** Which answer of a classifier that draws, each with draws of its own; number 0, the one that it gives, when absent. */
  readonly answer?: number;
}

/** One probe on a few of the attacked examples. */
export interface ProbeTask {
  readonly kind: 'probe';
  /** Id of the probe. */
  readonly probe: string;
  /** The suite's strongest line of those that use gradients within the ball; null when it has none. */
  readonly line: SuiteAttack | null;
  readonly norm: Norm;
  readonly epsilon: number;
  readonly seed: number;
  /** Positions of the examples in the data set; all are classified right. */
  readonly examples: Int32Array;
  /** 1 for each of them that no line broke. */
  readonly standing: Uint8Array;
}

/** Measures the certificates of one chunk of examples. */
export interface CertifyTask {
  readonly kind: 'certify';
  readonly certificate: NamedCertificate;
  readonly norm: Norm;
  readonly epsilon: number;
  readonly seed: number;
  /** Number of the chunk. */
  readonly chunk: number;
  /** Positions of the examples in the data set. */
  readonly examples: Int32Array;
}

/** Asks what the model takes and gives. */
export interface InspectTask {
  readonly kind: 'inspect';
}

export type Task = CleanTask | AttackTask | PredictTask | ProbeTask | CertifyTask | InspectTask;

export interface CleanOutcome {
  /** Predicted classes, -1 for a tie or a non-finite row. */
  readonly predictions: Int32Array;
  /** Positions of the examples with a logit that is not finite. */
  readonly nonFinite: Int32Array;
  /** Rows that are a probability distribution, as logits hardly ever are. */
  readonly probabilityRows: number;
}

export interface AttackTaskOutcome {
  readonly rowsPerExample: number;
  /** Per row: one of `outcome` of metrics/outcomes.ts. */
  readonly code: Uint8Array;
  /** Per row: size of a success in the line's norm, 0 where the row held. */
  readonly distance: Float64Array;
  /** Per row: the same in the track's norm. */
  readonly trackDistance: Float64Array;
  /** Rows whose image is kept, and those images, in that order. */
  readonly kept: Int32Array;
  readonly images: Float32Array;
  readonly forwardCalls: number;
  readonly gradientCalls: number;
  /** Rows whose image has logits that are not finite. */
  readonly nonFinite: number;
  /** Rows for which the attack returned pixels that are not finite. */
  readonly rejected: number;
  /** Rows that the attack saw succeed on its way and that what it returned does not break. */
  readonly lost: number;
  readonly zeroGradientShare: number | null;
  readonly seconds: number;
}

export interface ProbeOutcome {
  /** null when there was nothing to measure. */
  readonly reading: Reading | null;
  readonly seconds: number;
}

export interface CertifyOutcome {
  /** The method's numbers of each example, [examples × numbers]. */
  readonly numbers: Float64Array;
  readonly seconds: number;
}

export interface InspectOutcome {
  readonly inputShape: Classifier['inputShape'];
  readonly classes: number;
  /** What was decided about its file that the file does not say. */
  readonly notes: readonly string[];
}

export type OutcomeOf<T extends Task> = T extends CleanTask
  ? CleanOutcome
  : T extends AttackTask
    ? AttackTaskOutcome
    : T extends ProbeTask
      ? ProbeOutcome
      : T extends CertifyTask
        ? CertifyOutcome
        : T extends InspectTask
          ? InspectOutcome
          : Float32Array;

/** Name of a task within one evaluation; null for what is too cheap to keep. */
export function taskKey(task: Task): string | null {
  if (task.kind === 'clean') return `clean/${task.start}`;
  if (task.kind === 'probe') return `probe/${task.probe}`;
  if (task.kind === 'certify') return `certify/${task.chunk}`;
  return task.kind === 'attack' ? `attack/${task.line.id}/${task.chunk}` : null;
}

/** Positions in the data set of the examples that a task reads, in the order in which it reads them. */
export function positionsOf(task: Task): Int32Array {
  if (task.kind === 'clean') return Int32Array.from({ length: task.count }, (_, i) => task.start + i);
  if (task.kind === 'probe' || task.kind === 'certify') return task.examples;
  if (task.kind === 'predict' || task.kind === 'inspect') return new Int32Array();
  return task.meets === null ? task.examples : task.meets.map((position) => task.examples[position] as number);
}
