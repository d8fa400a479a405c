import type { DatasetFile } from '#core/datasets/dataset.ts';

export interface FetchContext {
  readonly signal?: AbortSignal | undefined;
  /** A line for the person who waits. */
  readonly tell: (message: string) => void;
}

/** A place that a data set can be had from. Its files need no trust: they are held against their SHA-256 afterwards. */
export interface Source {
  /** As it should stand in a message. */
  readonly name: string;
  /** What is transferred. */
  readonly megabytes: number;
  /** Largest room on the disk while it is fetched. */
  readonly roomMegabytes: number;
  /** Whether to try it at all, where that is known without a word to the person. */
  readonly available?: () => boolean;
  /**
   * Puts the wanted files of the data set into a folder, under their names.
   * @throws ParapetError 'infrastructure' or 'integrity' when this source does not have them now
   */
  fetch(folder: string, wanted: readonly DatasetFile[], context: FetchContext): Promise<void>;
}
