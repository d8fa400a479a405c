import type { Evaluation } from '../evaluate.ts';

/** Clean image of an attacked example, by its position among them. */
export function cleanImages(
  { examples }: Pick<Evaluation, 'examples'>,
  chosen: Int32Array,
): (i: number) => Float32Array {
  const size = examples.x.length / examples.count;
  return (i) => {
    const position = chosen[i] ?? 0;
    return examples.x.subarray(position * size, (position + 1) * size);
  };
}
