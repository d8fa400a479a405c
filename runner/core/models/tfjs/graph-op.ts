/** What an operator of a GraphModel is, and how those that there are read their inputs. */
import type { Attributes } from './attributes.ts';
import type { Shape } from './shapes.ts';

export interface GraphValue {
  readonly shape: Shape;
  /** Whether it is of whole numbers or truth values, rather than of floats. */
  readonly whole?: true;
  /** The numbers themselves, of a small tensor of whole numbers. */
  readonly numbers?: readonly number[];
}

export type Describe = (inputs: readonly GraphValue[], attributes: Attributes) => GraphValue;

export interface GraphOp {
  readonly op: string;
  /** How many inputs it takes. */
  readonly inputs: { readonly least: number; readonly most: number };
  /** @throws Error when inputs or settings do not fit; its message ends "the node … cannot run: …" */
  readonly describe: Describe;
}

export function fail(what: string): never {
  throw new Error(what);
}

interface Taken {
  /** How many inputs it takes at most; as many as at least when absent. */
  readonly most?: number;
  /** Which inputs may be of whole numbers; the others are of floats. */
  readonly whole?: readonly number[] | 'any';
}

/** An operator that takes `least` inputs, or as many as `most` says. */
export function op(name: string, least: number, describe: Describe, { most = least, whole = [] }: Taken = {}): GraphOp {
  return {
    op: name,
    inputs: { least, most },
    describe(inputs, attributes) {
      const odd = whole === 'any' ? -1 : inputs.findIndex((input, i) => input.whole && !whole.includes(i));
      return odd < 0 ? describe(inputs, attributes) : fail(`its input ${odd + 1} is not of floats`);
    },
  };
}

/** An input; whether it is there, the number of inputs says. */
export const at = (inputs: readonly GraphValue[], index: number) => inputs[index] as GraphValue;

/**
 * Whole numbers that decide a shape: they must be known before the graph runs.
 * @param ranks how many axes their tensor may have
 */
export function numbersOf(
  inputs: readonly GraphValue[],
  index: number,
  what: string,
  ranks: readonly number[] = [1],
): readonly number[] {
  const { shape, numbers } = at(inputs, index);
  if (numbers === undefined) return fail(`${what} is not known before it runs`);
  return ranks.includes(shape.length) ? numbers : fail(`${what} comes as a tensor [${shape}]`);
}
