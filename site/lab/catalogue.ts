import type { SentSubmission } from '#core/models/sent-model.ts';
import type { Norm } from '#core/projections.ts';

/** A number that a visitor may set, with the range that its schema allows; an absent bound is open. */
export interface NumberOption {
  readonly kind: 'number';
  readonly key: string;
  readonly label: string;
  readonly help: string;
  readonly integer: boolean;
  readonly minimum: number | null;
  readonly maximum: number | null;
  /** Whether the bounds themselves are refused. */
  readonly open: { readonly minimum: boolean; readonly maximum: boolean };
  readonly default: number;
}

export interface SwitchOption {
  readonly kind: 'switch';
  readonly key: string;
  readonly label: string;
  readonly help: string;
  readonly default: boolean;
}

export interface ChoiceOption {
  readonly kind: 'choice';
  readonly key: string;
  readonly label: string;
  readonly help: string;
  readonly choices: readonly (string | number)[];
  readonly default: string | number;
}

export type AttackOption = NumberOption | SwitchOption | ChoiceOption;

/** What the page needs to know of an attack, without its algorithm. */
export interface AttackEntry {
  readonly id: string;
  readonly name: string;
  readonly norms: readonly Norm[];
  readonly kind: 'fixed-epsilon' | 'minimum-norm' | 'unbounded';
  readonly access: 'gradient' | 'scores' | 'labels' | 'transfer' | 'none';
  readonly targeted: 'optional' | 'required' | 'never';
  readonly paper: string;
  readonly options: readonly AttackOption[];
}

/** A file of a model that the page can fetch. */
export interface FileEntry {
  readonly name: string;
  readonly href: string;
  readonly bytes: number;
  /** In hexadecimal. */
  readonly sha256: string;
}

/** A defended model whose files the page can fetch. */
export interface ModelEntry {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  /** In words where it is more than one net of ours. */
  readonly architecture: string;
  /** The nets and what is done around them, without their files. */
  readonly nets: Omit<SentSubmission['submission'], 'files'>;
  readonly files: readonly FileEntry[];
  /** SHA-256 of its weights where they are all that it is; else the digest of its submission. In hexadecimal. */
  readonly sha256: string;
  /** Address of its row; null while it has no results. */
  readonly row: string | null;
  /** A sentence on when and why its authors withdrew it; null while they stand by it. */
  readonly withdrawn: string | null;
}

/** A digit of MNIST's test set. */
export interface DigitEntry {
  /** Index in the test set: the key of its random draws. */
  readonly index: number;
  readonly label: number;
  /** 784 bytes in Base64. */
  readonly pixels: string;
}

/** Everything that the page is built with; it stands in the page as JSON. */
export interface Catalogue {
  readonly attacks: readonly AttackEntry[];
  readonly models: readonly ModelEntry[];
  readonly digits: readonly DigitEntry[];
}

/** Side of an image of the lab, in pixels, and how many values it has. */
export const SIDE = 28;
export const PIXELS = SIDE * SIDE;
export const CLASSES = 10;

/** Index of a drawn digit: the first that MNIST's test set does not use. */
export const DRAWN_INDEX = 10_000;
