import { ParapetError } from '../errors.ts';
import type { Classifier } from '../models/classifier.ts';
import { averaging } from './averaging.ts';
import { bitDepth } from './bit-depth.ts';
import type { Defense, Given } from './defense.ts';
import { defenseGan } from './defense-gan.ts';
import { drawSource } from './draws.ts';
import { gaussianNoise } from './gaussian-noise.ts';
import { jpeg } from './jpeg.ts';
import { median } from './median.ts';
import { randomResizePad } from './random-resize-pad.ts';
import { totalVariation } from './total-variation.ts';
import { vote } from './vote.ts';

/** Every defense at inference that a submission may name. */
export const defenses: readonly Defense[] = [
  averaging,
  vote,
  bitDepth,
  jpeg,
  median,
  totalVariation,
  gaussianNoise,
  randomResizePad,
  defenseGan,
];

/** A defense as submission.yaml names it. */
export interface NamedDefense {
  readonly id: string;
  readonly options: Readonly<Record<string, string | number | boolean>>;
  /** Name of its file, where it has one. */
  readonly file?: string | undefined;
}

/** @throws ParapetError 'submission' that lists the defenses there are */
export function findDefense(id: string): Defense {
  const defense = defenses.find((candidate) => candidate.id === id);
  if (defense !== undefined) return defense;
  const known = defenses.map((one) => one.id).join(', ');
  throw new ParapetError('submission', `defenses: there is no '${id}'`, `the defenses are ${known}`);
}

/**
 * Puts defenses around nets, the first innermost.
 * @param classifiers one, or several that the first defense joins
 * @param fileOf the bytes of a file by its name
 * @returns a classifier that has `drawing` where one of them draws
 * @throws ParapetError 'submission' when several are not joined, or one is; and for a file that is not what it should be
 */
export function defended(
  classifiers: readonly [Classifier, ...Classifier[]],
  named: readonly NamedDefense[],
  fileOf: (name: string) => Uint8Array = missing,
): Classifier {
  const source = drawSource();
  let inside = classifiers;
  for (const [position, { id, options, file }] of named.entries()) {
    const defense = findDefense(id);
    if (defense.joins !== inside.length > 1) {
      const what = defense.joins ? 'joins several nets' : 'takes one net';
      throw new ParapetError('submission', `defenses: ${id} ${what}, and is given ${inside.length}`);
    }
    const given = { draws: source.of(position), file: file === undefined ? null : fileOf(file) };
    inside = [wrapped(defense, inside, options, given, position)];
  }
  const [whole, ...rest] = inside;
  if (rest.length > 0) throw new ParapetError('submission', `defenses: none of them joins the ${inside.length} models`);
  return named.some(({ id }) => findDefense(id).randomised) ? source.drawing(whole) : whole;
}

/** A mistake in its file is told by its place in the submission. */
function wrapped(
  defense: Defense,
  inside: readonly [Classifier, ...Classifier[]],
  options: NamedDefense['options'],
  given: Given,
  position: number,
): Classifier {
  try {
    return defense.wrap(inside, defense.optionsSchema.parse(options), given);
  } catch (error) {
    if (!(error instanceof ParapetError)) throw error;
    throw new ParapetError(error.kind, `defenses.${position}.file: ${error.message}`, error.hint);
  }
}

function missing(name: string): never {
  throw new ParapetError('submission', `${name} is missing`);
}
