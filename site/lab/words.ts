/** What the lab says in words: sentences from numbers, nothing else. */
import type { Norm } from '#core/projections.ts';
import type { Change } from './measure.ts';

/** One attacked image, as far as a sentence about it needs. */
export interface Told {
  readonly label: number;
  /** Read classes; -1 where the model cannot decide. */
  readonly before: number;
  readonly after: number;
  readonly confidenceBefore: number;
  readonly confidenceAfter: number;
  readonly success: boolean;
  readonly cleanCorrect: boolean;
  readonly target: number | null;
  readonly norm: Norm;
  readonly epsilon: number;
  readonly distance: number;
}

export interface Verdict {
  readonly kind: 'broken' | 'held' | 'wrong';
  readonly word: string;
  readonly sentence: string;
}

/** A probability as people read it: never 100 % or 0 % unless it is, to the float. */
export function percent(value: number): string {
  if (!Number.isFinite(value)) return 'no number';
  if (value === 0 || value === 1) return `${value * 100} %`;
  if (value > 0.9995) return '> 99.9 %';
  if (value < 0.0005) return '< 0.1 %';
  return `${(value * 100).toFixed(1)} %`;
}

/** A number with at most three significant digits, without an exponent where it can be. */
export function brief(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  return String(Number(value.toPrecision(3)));
}

/** `a 7`, `an 8`, or that there is none. */
export function digitName(value: number): string {
  return value < 0 ? 'nothing in particular' : `${value === 8 ? 'an' : 'a'} ${value}`;
}

/** How far, in the words of a norm. */
export function distanceInWords(norm: Norm, distance: number): string {
  if (norm === 'L0') return `${distance} ${distance === 1 ? 'pixel' : 'pixels'} changed`;
  if (norm === 'Linf') return `no pixel moved by more than ${brief(distance)}`;
  return `${norm} distance ${brief(distance)}`;
}

function budgetInWords(norm: Norm, epsilon: number): string {
  if (epsilon === Infinity) return 'without a limit';
  if (norm === 'L0') return `with ${epsilon} ${epsilon === 1 ? 'pixel' : 'pixels'} to change`;
  return `within ${norm === 'Linf' ? 'L∞' : norm} ≤ ${brief(epsilon)}`;
}

/** The outcome of an attack as a word and a sentence. */
export function verdictOf(told: Told): Verdict {
  const { label, before, after, target, norm, epsilon } = told;
  const aim = target === null ? '' : ` as ${digitName(target)}`;
  if (!told.cleanCorrect && target === null) {
    const sentence = `The model reads this ${label} as ${digitName(before)} before anything is changed; there is nothing to attack.`;
    return { kind: 'wrong', word: 'Wrong already', sentence };
  }
  if (told.success) {
    const from = `${digitName(before)} (${percent(told.confidenceBefore)})`;
    const to = `${digitName(after)} (${percent(told.confidenceAfter)})`;
    return {
      kind: 'broken',
      word: 'Broken',
      sentence: `Read as ${from} before and as ${to} after; ${distanceInWords(norm, told.distance)}.`,
    };
  }
  const still =
    after === before ? `still reads ${digitName(after)}` : `reads ${digitName(after)} instead of ${digitName(before)}`;
  const reached = after !== label && target === null;
  const sentence = reached
    ? `The model ${still}, but at a distance outside the budget: ${distanceInWords(norm, told.distance)}.`
    : `The model ${still} (${percent(told.confidenceAfter)}); this attack finds no way to have it read${aim || ' otherwise'} ${budgetInWords(norm, epsilon)}.`;
  return { kind: 'held', word: 'Held', sentence };
}

function pixels(count: number): string {
  return `${count} ${count === 1 ? 'pixel' : 'pixels'}`;
}

/** The perturbation in words: how many pixels went which way and how far, and how strongly it is shown. */
export function changeInWords({ raised, lowered, up, down, slight }: Change): string {
  if (raised + lowered === 0) return 'No pixel is changed.';
  const parts: string[] = [];
  if (raised > 0) parts.push(`${pixels(raised)} made lighter (orange), by up to ${brief(up)}`);
  if (lowered > 0) parts.push(`${pixels(lowered)} made darker (blue), by up to ${brief(down)}`);
  const scale = Math.max(up, down);
  const magnified = scale >= 0.995 ? 'shown at its true strength' : `shown ${brief(1 / scale)} times as strong`;
  const unseen =
    slight === 0 ? '' : ` ${slight} of them ${slight === 1 ? 'moves' : 'move'} by less than one of 255 grey levels.`;
  return `${parts.join('; ')}.${unseen} It is ${magnified}: full colour is a change of ${brief(scale)}.`;
}
