import { findAttack } from '#core/attacks/index.ts';
import { ParapetError } from '#core/errors.ts';
import { resolveLine } from '#core/suites/resolve.ts';
import type { SuiteAttack } from '#core/suites/suite.ts';
import type { Track } from '#core/tracks.ts';

const targetings: readonly SuiteAttack['targets'][] = ['untargeted', 'runner-up', 'least-likely', 'all'];

/**
 * One attack as a line of a suite: in the track's ball where it knows the norm and is made for a ball, else at any
 * distance, in the track's norm or its own.
 * @param targets which class to reach; when absent none, or the runner-up for an attack that must have one
 * @param options such as `steps=10`
 * @param surrogates ids of the submissions that a transfer attack crafts on
 * @throws ParapetError 'usage' for what does not exist or does not go together
 */
export function lineOf(
  id: string,
  targets: SuiteAttack['targets'] | undefined,
  options: readonly string[],
  track: Track,
  surrogates: readonly string[] = [],
): SuiteAttack {
  const attack = findAttack(id);
  if (targets !== undefined && !targetings.includes(targets)) {
    throw new ParapetError('usage', `--targets: '${targets}'; wanted ${targetings.join(', ')}`);
  }
  const line = {
    id: attack.id,
    attack: attack.id,
    options: Object.fromEntries(options.map(parseOption)),
    targets: targets ?? (attack.targeted === 'required' ? 'runner-up' : 'untargeted'),
    ...(surrogates.length === 0 ? {} : { surrogates }),
  };
  const [norm] = attack.norms;
  if (attack.kind === 'unbounded' && attack.norms.includes(track.norm)) {
    return resolveLine({ ...line, ball: 'unbounded' }, track);
  }
  if (attack.norms.includes(track.norm) || norm === undefined) return resolveLine({ ...line, ball: 'track' }, track);
  if (attack.kind === 'fixed-epsilon') {
    const known = attack.norms.join(', ');
    throw new ParapetError('usage', `--track: ${attack.id} does not know ${track.norm}`, `it knows ${known}`);
  }
  return resolveLine({ ...line, ball: 'unbounded', norm }, track);
}

function parseOption(text: string): [string, string | number | boolean] {
  const at = text.indexOf('=');
  if (at < 1) throw new ParapetError('usage', `--option: '${text}'; wanted name=value, such as steps=10`);
  const [name, value] = [text.slice(0, at), text.slice(at + 1)];
  if (value === 'true' || value === 'false') return [name, value === 'true'];
  const isNumber = value.trim() !== '' && Number.isFinite(Number(value));
  return [name, isNumber ? Number(value) : value];
}
