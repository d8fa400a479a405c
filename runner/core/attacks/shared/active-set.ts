import * as tf from '@tensorflow/tfjs';
import { gatherRows } from '../../tensors.ts';

/** The rows of a batch that are still being attacked, with the tensors that hold their state, row by row. */
export interface ActiveSet<Name extends string> {
  /** Which row of the whole batch each of them is, in batch order. */
  readonly rows: Int32Array;
  readonly state: Readonly<Record<Name, tf.Tensor4D>>;
  /** Puts new tensors in place of some of the state, and disposes of the old ones. */
  update(next: Partial<Record<Name, tf.Tensor4D>>): void;
  /** Drops every row but those at these positions, so that the others cost nothing more. */
  keep(positions: Int32Array): void;
  dispose(): void;
}

/**
 * @param rows rows of the whole batch
 * @param state tensors with one row for each of them; the set owns them from now on
 */
export function activeSet<Name extends string>(rows: Int32Array, state: Record<Name, tf.Tensor4D>): ActiveSet<Name> {
  let current = rows;
  const tensors = { ...state };
  const names = Object.keys(tensors) as Name[];
  return {
    get rows() {
      return current;
    },
    state: tensors,
    update(next) {
      for (const name of names) {
        const replacement = next[name];
        if (replacement === undefined || replacement === tensors[name]) continue;
        tensors[name].dispose();
        tensors[name] = replacement;
      }
    },
    keep(positions) {
      if (positions.length === current.length) return;
      current = positions.map((position) => current[position] as number);
      for (const name of names) {
        const all = tensors[name];
        tensors[name] = gatherRows(all, positions);
        all.dispose();
      }
    },
    dispose() {
      tf.dispose(tensors);
    },
  };
}

/** Positions whose flag is 0, in order. */
export function unset(flags: ArrayLike<number>): Int32Array {
  const positions: number[] = [];
  for (let i = 0; i < flags.length; i++) if (flags[i] === 0) positions.push(i);
  return Int32Array.from(positions);
}

/** One value per row of the batch, for some of its rows. */
export function pick(values: Int32Array, rows: Int32Array): Int32Array;
export function pick(values: Int32Array | null, rows: Int32Array): Int32Array | null;
export function pick(values: Int32Array | null, rows: Int32Array): Int32Array | null {
  return values === null ? null : rows.map((row) => values[row] as number);
}
