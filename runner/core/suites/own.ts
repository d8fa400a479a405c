import type { Attack } from '../attacks/attack.ts';
import { ParapetError } from '../errors.ts';
import { imagesAtOnce } from '../evaluation/at-once.ts';
import type { Norm } from '../projections.ts';
import { type ThreatModel, tracks } from '../tracks.ts';
import type { Suite, SuiteAttack } from './suite.ts';

/** What a suite is fitted to: data that no track is of. */
export interface OwnData {
  /** Values of one image. */
  readonly size: number;
  readonly classes: number;
}

/**
 * A suite for data of a person's own: the lines that it has for the norm, without those that craft on nets of a data set of ours, and
 * with losses that so few classes allow. Chunks are no larger than the images permit.
 * @returns a suite of one track, the threat model
 * @throws ParapetError 'usage' when the suite has no lines for the norm
 */
export function ownSuite(suite: Suite, threat: ThreatModel, { size, classes }: OwnData): Suite {
  const lines = linesOfNorm(suite, threat.norm)
    .filter(({ surrogates = [] }) => surrogates.length === 0)
    .map((line) => forClasses(line, classes));
  return {
    ...suite,
    attacks: { [threat.id]: lines },
    chunk: imagesAtOnce(size, suite.chunk),
  };
}

function linesOfNorm(suite: Suite, norm: Norm): readonly SuiteAttack[] {
  const served = tracks.filter(({ id }) => id in suite.attacks);
  const track = served.find((one) => one.norm === norm);
  const lines = norm === 'L1' ? suite.l1 : suite.attacks[track?.id ?? ''];
  if (lines !== undefined) return lines;
  const known = new Set<Norm>(served.map((one) => one.norm));
  throw new ParapetError(
    'usage',
    `suite ${suite.id} has no attacks in ${norm}`,
    `it has some in ${[...known, ...(suite.l1 === undefined ? [] : ['L1'])].join(', ')}`,
  );
}

/** The DLR loss needs three classes, and four with a target; the margin, which it divides, needs two. */
function forClasses(line: SuiteAttack, classes: number): SuiteAttack {
  const { attack, options } = line;
  if (attack === 'apgd-t' && classes < 4) {
    const { targets: _targets, ...others } = options;
    return { ...line, attack: 'apgd', options: { ...others, loss: 'margin' } };
  }
  const isScaled = options.loss === 'dlr' || options.loss === 'rescaled-ce';
  return isScaled && classes < 3 ? { ...line, options: { ...options, loss: 'margin' } } : line;
}

/**
 * The suite with a line more, of an attack of a person's own: within the ball, or at any distance where it looks for the nearest image.
 * @throws ParapetError 'usage' when a line has its name already
 */
export function withOwnAttack(
  suite: Suite,
  threat: ThreatModel,
  { id, kind, targeted }: Attack,
  file: NonNullable<SuiteAttack['file']>,
): Suite {
  const lines = suite.attacks[threat.id] ?? [];
  if (lines.some((line) => line.id === id)) {
    throw new ParapetError('usage', `${file.name}: id: '${id}' is a line of suite ${suite.id}`, 'choose another');
  }
  const line: SuiteAttack = {
    id,
    attack: id,
    options: {},
    targets: targeted === 'required' ? 'runner-up' : 'untargeted',
    ball: kind === 'fixed-epsilon' ? 'track' : 'unbounded',
    file,
  };
  return { ...suite, attacks: { ...suite.attacks, [threat.id]: [...lines, line] } };
}
