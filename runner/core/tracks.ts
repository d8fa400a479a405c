import { ParapetError } from './errors.ts';
import type { Norm } from './projections.ts';

/** What the attacker may do to an image: a norm and the radius of the ball. */
export interface ThreatModel {
  readonly id: string;
  readonly norm: Norm;
  /** Radius in pixel units (8/255, not 8); for L0 the number of input values that may change. */
  readonly epsilon: number;
  readonly title: string;
}

/** What a row is ranked on: a threat model, and the data set that it is measured on. */
export interface Track extends ThreatModel {
  readonly dataset: 'mnist' | 'fashion-mnist' | 'cifar10';
}

/** Every track; the first of a data set is the one shown first. */
export const tracks: readonly Track[] = [
  { id: 'mnist-linf-0.3', dataset: 'mnist', norm: 'Linf', epsilon: 0.3, title: 'MNIST, L∞ ≤ 0.3' },
  { id: 'mnist-l2-2', dataset: 'mnist', norm: 'L2', epsilon: 2, title: 'MNIST, L2 ≤ 2' },
  { id: 'mnist-l0-112', dataset: 'mnist', norm: 'L0', epsilon: 112, title: 'MNIST, at most 112 of 784 pixels' },
  {
    id: 'fashion-mnist-linf-0.1',
    dataset: 'fashion-mnist',
    norm: 'Linf',
    epsilon: 0.1,
    title: 'Fashion-MNIST, L∞ ≤ 0.1',
  },
  { id: 'cifar10-linf-8-255', dataset: 'cifar10', norm: 'Linf', epsilon: 8 / 255, title: 'CIFAR-10, L∞ ≤ 8/255' },
  { id: 'cifar10-l2-0.5', dataset: 'cifar10', norm: 'L2', epsilon: 0.5, title: 'CIFAR-10, L2 ≤ 0.5' },
  {
    id: 'cifar10-l0-112',
    dataset: 'cifar10',
    norm: 'L0',
    epsilon: 112,
    title: 'CIFAR-10, at most 112 of 3,072 values',
  },
];

/** @throws ParapetError 'usage' that lists the tracks there are */
export function findTrack(id: string): Track {
  const track = tracks.find((candidate) => candidate.id === id);
  if (track === undefined) {
    throw new ParapetError(
      'usage',
      `track: there is no '${id}'`,
      `the tracks are ${tracks.map((t) => t.id).join(', ')}`,
    );
  }
  return track;
}

/** A norm as people write it. */
export const normSymbols: Readonly<Record<Norm, string>> = { Linf: 'L∞', L2: 'L2', L1: 'L1', L0: 'L0' };

/** The threat model of data of a person's own. @param dataset name of the data, fit for a path */
export function ownThreat(dataset: string, norm: Norm, epsilon: number): ThreatModel {
  const short = radiusText(norm, epsilon);
  return {
    id: `${dataset}-${norm.toLowerCase()}-${short.replace('/', '-')}`,
    norm,
    epsilon,
    title: norm === 'L0' ? `${dataset}, at most ${short} values` : `${dataset}, ${normSymbols[norm]} ≤ ${short}`,
  };
}

/** 8/255 rather than 0.0313725, where it is one. */
function radiusText(norm: Norm, epsilon: number): string {
  const steps = epsilon * 255;
  const whole = Math.round(steps);
  const isFraction = norm === 'Linf' && whole > 0 && whole % 51 !== 0 && Math.abs(steps - whole) < 1e-9;
  return isFraction ? `${whole}/255` : `${Number(epsilon.toPrecision(6))}`;
}

/** What a result was measured against. */
export function threatOf({
  track,
  threat,
  dataset,
}: {
  readonly track: string;
  readonly threat?: { readonly norm: Norm; readonly epsilon: number } | undefined;
  readonly dataset: { readonly id: string };
}): ThreatModel {
  return threat === undefined ? findTrack(track) : ownThreat(dataset.id, threat.norm, threat.epsilon);
}
