import type { Examples } from '../datasets/dataset.ts';
import { ParapetError } from '../errors.ts';
import type { DescentOptions } from './options.ts';

/** Images `start` to `end` of a set, which share its memory. */
function part({ x, y, count }: Examples, start: number, end: number): Examples {
  const size = x.length / count;
  return { x: x.subarray(start * size, end * size), y: y.subarray(start, end), count: end - start };
}

/**
 * The images that a recipe learns from, and those that it holds out to measure itself by: the last of its half or of the whole set.
 * @returns `heldOut` null where none are
 * @throws ParapetError 'submission' when nothing would be left to learn
 */
export function divide(
  data: Examples,
  { subset, validation }: Pick<DescentOptions, 'subset' | 'validation'>,
): { learnt: Examples; heldOut: Examples | null } {
  const half = Math.floor(data.count / 2);
  const [start, end] = { all: [0, data.count], 'first-half': [0, half], 'second-half': [half, data.count] }[subset] as [
    number,
    number,
  ];
  const last = end - validation;
  if (last <= start) {
    throw new ParapetError(
      'submission',
      `recipe.options.validation: ${validation} of ${end - start} images are held out, which leaves none to learn`,
      `hold out at most ${end - start - 1}`,
    );
  }
  return { learnt: part(data, start, last), heldOut: validation === 0 ? null : part(data, last, end) };
}
