import { ParapetError } from '#core/errors.ts';
import type { Norm } from '#core/projections.ts';
import { findSuite } from '#core/suites/index.ts';
import { findTrack } from '#core/tracks.ts';
import type { OwnRequest, OwnTarget } from '../shards/prepare-own.ts';
import { plain, seedNumber, wholeNumber } from './output.ts';
import type { RequestOptions } from './requests.ts';

/** Options of `evaluate` that are for model files alone. */
export interface OwnOptions {
  readonly architecture?: string;
  readonly data?: string;
  readonly classes?: string;
  readonly norm?: string;
  readonly epsilon?: string;
  readonly dryRun?: true;
  readonly budget?: string;
  readonly baseline?: string;
  readonly report?: string;
  readonly adversarial?: string;
  readonly attack?: string;
}

export type OwnRequestOptions = RequestOptions & OwnOptions & { readonly publish?: boolean; readonly shard?: string };

const norms: Readonly<Record<string, Norm>> = { linf: 'Linf', l2: 'L2', l1: 'L1', l0: 'L0' };

/**
 * What a command line asks for.
 * @throws ParapetError 'usage' for what does not exist or does not go together
 */
export function ownRequestOf([path = '', ...others]: readonly string[], options: OwnRequestOptions): OwnRequest {
  if (others.length > 0) {
    throw new ParapetError(
      'usage',
      `${[path, ...others].join(', ')}: a model file is evaluated by itself`,
      'name one model file, or folders of submissions',
    );
  }
  if (options.publish) {
    throw new ParapetError(
      'usage',
      '--publish: only submissions are published, and this is a model file',
      'make it a submission: npm run -s parapet -- new AuthorYearWord, and CONTRIBUTING.md',
    );
  }
  if (options.shard !== undefined) {
    throw new ParapetError('usage', '--shard: only evaluations of submissions are split', 'leave --shard away');
  }
  return {
    model: { path, architecture: options.architecture ?? null },
    on: targetOf(options),
    suite: findSuite(options.suite),
    count: options.examples === undefined ? undefined : wholeNumber('--examples', options.examples, 1),
    seed: seedNumber(options.seed),
    attack: options.attack,
  };
}

function targetOf({ track: tracks = [], data, classes, norm, epsilon }: OwnRequestOptions): OwnTarget {
  const [track, ...more] = tracks.map(findTrack);
  if (track === undefined && data === undefined) {
    throw new ParapetError(
      'usage',
      'neither --track nor --data came: on which images, and how far may they be changed?',
      'such as --track mnist-linf-0.3, or --data photos/ --norm linf --epsilon 8/255',
    );
  }
  if (track !== undefined && data !== undefined) {
    throw new ParapetError('usage', '--track and --data came; wanted one of them', 'a track has data of its own');
  }
  if (data === undefined) {
    const foreign = Object.entries({ '--norm': norm, '--epsilon': epsilon, '--classes': classes });
    const [one] = foreign.find(([, value]) => value !== undefined) ?? [];
    if (one !== undefined) throw new ParapetError('usage', `${one}: the track decides that`, `leave ${one} away`);
    if (track === undefined || more.length > 0) {
      throw new ParapetError('usage', `--track: ${more.length + 1} came; a model file is evaluated on one at a time`);
    }
    return { track };
  }
  if (norm === undefined || epsilon === undefined) {
    const missing = [norm === undefined ? '--norm' : '', epsilon === undefined ? '--epsilon' : ''].filter(Boolean);
    throw new ParapetError(
      'usage',
      `${missing.join(' and ')}: missing; how far may an attacker change an image of --data?`,
      'such as --norm linf --epsilon 8/255: each pixel by at most 8 of 255',
    );
  }
  const wanted = norms[norm.toLowerCase()];
  if (wanted === undefined) {
    throw new ParapetError(
      'usage',
      `--norm: there is no '${plain(norm)}'`,
      `the norms are ${Object.keys(norms).join(', ')}`,
    );
  }
  return { data: { path: data, ...(classes && { classes }) }, norm: wanted, epsilon: radiusOf(epsilon, wanted) };
}

/** A number, or a fraction such as 8/255. */
function radiusOf(text: string, norm: Norm): number {
  const [, over, under = '1'] = /^(\d*\.?\d+(?:e-?\d+)?)(?:\/(\d+))?$/i.exec(text) ?? [];
  const radius = Number(over) / Number(under);
  if (!(radius > 0 && radius < Number.POSITIVE_INFINITY) || (norm === 'L0' && !Number.isInteger(radius))) {
    const what =
      norm === 'L0' ? 'how many values may change, a whole number' : 'a number above 0, such as 0.03 or 8/255';
    throw new ParapetError('usage', `--epsilon: '${plain(text)}'; wanted ${what}`);
  }
  return radius;
}

const units: Readonly<Record<string, number>> = { s: 1, m: 60, min: 60, h: 3600 };

/** @param text such as 90s, 10m or 2h @throws ParapetError 'usage' for anything else */
export function secondsOf(option: string, text: string): number {
  const [, value = '', unit = ''] = /^(\d*\.?\d+)\s*(s|min|m|h)$/.exec(text) ?? [];
  const seconds = Number(value) * (units[unit] ?? Number.NaN);
  if (seconds > 0) return seconds;
  throw new ParapetError('usage', `${option}: '${plain(text)}'; wanted a time such as 90s, 10m or 2h`);
}
