import type { Proportion, Result } from '../result.ts';
import type { Experiment, Outcomes } from './experiment.ts';

/** One number of a paper that a suite measures, and where ours is to be found. */
export interface Figure {
  readonly id: string;
  readonly title: string;
  /** What the paper prints, with the interval that its sample allows; null where later attacks are held against it. */
  readonly theirs: Proportion | null;
  /** The same in percent, digit by digit as printed: papers round in their own ways. */
  readonly printed?: string;
  /** Where it is printed, and how exactly it is known. */
  readonly source: string;
  /** The range in which what the paper concludes from the number stands; without it a number is reproduced or not. */
  readonly stands?: { readonly low?: number; readonly high?: number };
  /** The defense of the board that it is measured on. */
  readonly submission: string;
  readonly suite: string;
  readonly track: string;
  /** Reads our number off a result, or counts it from its evidence; null when neither has it. */
  readonly measure: (result: Result, evidence: Outcomes) => Proportion | null;
  /** Figure whose claim a stronger attack is held against. */
  readonly against?: string;
}

/** A paper: what it claimed, by what protocol, and how it is measured here. */
export interface Claim {
  readonly id: string;
  readonly title: string;
  readonly paper: string;
  /** How ours is measured, and in what it departs from the paper. */
  readonly protocol: string;
  /** Numbers that suites of evaluations measure. */
  readonly figures: readonly Figure[];
  /** Measurements that no suite makes. */
  readonly experiments: readonly Experiment[];
}
