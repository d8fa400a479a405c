/**
 * Experiments: measurements that a paper made and that no suite of attacks makes. What comes of one is stored image by image, and every
 * figure is counted from that again whenever it is shown.
 */
import type { Examples } from '../datasets/dataset.ts';
import type { Architecture } from '../models/architecture.ts';
import type { Classifier } from '../models/classifier.ts';
import type { TensorData } from '../models/safetensors.ts';
import type { Recipe } from '../submission.ts';
import type { GanPoint } from '../training/gan/epoch.ts';
import type { TrainingMethod } from '../training/method.ts';
import type { Estimate } from './estimate.ts';
import type { View } from './view.ts';

/** A net that is trained by a recipe for the sake of a claim. */
export interface TrainedNet {
  /** Names it among the nets of its paper. */
  readonly id: string;
  /** Any net in code of ours, also one that no submission can name. */
  readonly architecture: Architecture;
  /** How it learns: one of `training/`, or what a paper alone does. */
  readonly method: TrainingMethod;
  readonly seed: number;
  readonly options: Recipe['options'];
  /** What the net sees of the data set; all of it when absent. */
  readonly view?: View;
}

/** A net that lies in `submissions/`. */
export interface SubmittedNet {
  readonly id: string;
  readonly submission: string;
}

export type NetWanted = TrainedNet | SubmittedNet;

/** A generative adversarial net that is trained for the sake of a claim, with the options that `train-gan` has. */
export interface GanWanted {
  readonly epochs: number;
  readonly seed: number;
}

/** What its training left. */
export interface TrainedGan {
  readonly history: readonly GanPoint[];
  /** What the generator made of the same latent vectors after each epoch: bytes of side by side images, as many rows as columns. */
  readonly grids: readonly { readonly pixels: Uint8Array; readonly side: number }[];
  /** Images by the generator at the end, [count × size] in [0, 1]; the caller names their draws. */
  generate(count: number, seed: number): Promise<Float32Array>;
}

/** A published result whose evidence an experiment counts anew. */
export interface EvidenceWanted {
  readonly id: string;
  readonly suite: string;
  readonly track: string;
  readonly submission: string;
}

/** Arrays by name: what an experiment, or a step of one, found out. */
export type Outcomes = Readonly<Record<string, { readonly shape: readonly number[]; readonly data: TensorData }>>;

export interface StepContext {
  readonly seed: number;
  /** The test images; the first `limit` of them when given. */
  test(view?: View, limit?: number): Examples;
  /** The training images. */
  train(view?: View): Examples;
  /** One of the nets that the experiment names; it belongs to the run. */
  net(id: string): Classifier;
  /** The generative adversarial net that the experiment names. */
  gan(): TrainedGan;
  /** Arrays of a result's evidence that the experiment names. */
  evidence(id: string): Outcomes;
  /** Tells how far the step is, and lets an interruption through; to be awaited in every long loop. */
  pause(fraction: number): Promise<void>;
}

/** What is journalled as one: small enough to be done again when a run is killed. */
export interface Step {
  /** Begins the names of its outcomes. */
  readonly id: string;
  run(context: StepContext): Promise<Outcomes>;
}

/** A number that the paper prints, and how ours is counted. */
export interface ExperimentFigure {
  readonly id: string;
  readonly title: string;
  /** What the paper prints; a number without an interval of its own has that of its last digit. Null where it says it in words. */
  readonly theirs: Estimate | null;
  /** The same, digit by digit as printed. */
  readonly printed?: string;
  /** What the paper concludes from it, as the range in which the conclusion stands: ours in it is a claim that holds in part. */
  readonly stands: { readonly low?: number; readonly high?: number; readonly words: string };
  readonly ours: (outcomes: Outcomes) => Estimate;
  /** Why ours is another number, where that has been looked into; counted from the outcomes where it has numbers in it. */
  readonly gap?: string | ((outcomes: Outcomes) => string);
}

/** A chart of an experiment, as data. */
export interface ChartWanted {
  readonly id: string;
  readonly title: string;
  readonly caption: string;
  readonly x: { readonly title: string; readonly log?: boolean };
  /** Shares are drawn in percent, from 0 to 100. */
  readonly y: { readonly title: string; readonly share?: boolean };
  readonly series: (
    outcomes: Outcomes,
  ) => readonly { readonly name: string; readonly points: readonly { readonly x: number; readonly y: number }[] }[];
}

/** Images of an experiment, with what they show in words. */
export interface PicturesWanted {
  readonly title: string;
  readonly caption: string;
  readonly shape: readonly [height: number, width: number, channels: number];
  /** Pixels as bytes. Images with a label are shown large, with it below. */
  readonly images: (
    outcomes: Outcomes,
  ) => readonly { readonly pixels: Uint8Array; readonly text: string; readonly label?: string }[];
}

/** Figures of an experiment in rows and columns. */
export interface MatrixWanted {
  readonly title: string;
  readonly caption: string;
  /** What rows and columns are. */
  readonly of: { readonly rows: string; readonly columns: string };
  readonly rows: readonly { readonly id: string; readonly name: string }[];
  readonly columns: readonly { readonly id: string; readonly name: string }[];
  /** Id of the figure in a cell, by the ids of its row and column. */
  readonly figure: (row: string, column: string) => string;
}

export interface Experiment {
  readonly id: string;
  readonly title: string;
  /** Where the paper describes it. */
  readonly source: string;
  /** How ours is measured, and in what it departs from the paper. */
  readonly protocol: string;
  readonly seed: number;
  /** MNIST when absent. */
  readonly dataset?: 'cifar10';
  readonly nets: readonly NetWanted[];
  readonly gan?: GanWanted;
  readonly evidence?: readonly EvidenceWanted[];
  readonly steps: readonly Step[];
  readonly figures: readonly ExperimentFigure[];
  readonly matrix?: MatrixWanted;
  readonly charts?: readonly ChartWanted[];
  readonly pictures?: readonly PicturesWanted[];
}
