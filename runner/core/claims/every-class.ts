import type { Examples } from '../datasets/dataset.ts';
import { gather } from '../training/batches.ts';

/** Images towards classes, one pair after the other. */
export interface Pairs {
  /** [pairs × size] */
  readonly x: Float32Array;
  readonly y: Int32Array;
  readonly target: Int32Array;
  /** Row that the image of each pair has among the examples. */
  readonly examples: Int32Array;
}

/** Some images towards every class that is wrong, image by image, the classes of each in order. */
export function towardsEveryClass({ x, y, count }: Examples, rows: readonly number[], classes: number): Pairs {
  const pairs = rows.flatMap((row) =>
    Array.from({ length: classes }, (_, target) => ({ row, target })).filter(({ target }) => target !== y[row]),
  );
  const examples = Int32Array.from(pairs, ({ row }) => row);
  return {
    x: gather(x, examples, x.length / count),
    y: examples.map((row) => y[row] as number),
    target: Int32Array.from(pairs, ({ target }) => target),
    examples,
  };
}
