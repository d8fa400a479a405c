/**
 * The settings of the lab: one declared list, in the order in which they are settled, because what one allows may depend
 * on those before it. `state.ts` reads an address by it and writes one.
 */
import * as z from 'zod';
import type { Norm } from '#core/projections.ts';
import { balls } from './balls.ts';
import type { AttackEntry, Catalogue, ModelEntry } from './catalogue.ts';
import { decodeDrawing } from './drawing.ts';
import { type BackendChoice, browserBackends } from './protocol.ts';

export type OptionValue = string | number | boolean;

export interface LabState {
  /** Index of a stored digit, or the drawn one. */
  readonly digit: number | 'drawn';
  /** The drawn digit as `drawing.ts` writes it; kept while a stored one is shown. */
  readonly drawing: string;
  /** What the drawn digit is; 'auto' takes the model's word. */
  readonly label: number | 'auto';
  readonly model: string;
  readonly attack: string;
  readonly norm: Norm;
  /** The budget; Infinity for none. */
  readonly epsilon: number;
  readonly target: number | 'any';
  readonly seed: number;
  readonly backend: BackendChoice;
  /** Options of the attack that differ from their defaults. */
  readonly options: Readonly<Record<string, OptionValue>>;
}

type Key = Exclude<keyof LabState, 'options'>;
/** The settings before the one in question. */
export type Settled = Partial<LabState>;

/** One setting: what an address may say for it and what it is otherwise. */
interface Setting<K extends Key> {
  readonly key: K;
  /** What to take when the address names none. */
  fallback(settled: Settled, catalogue: Catalogue): LabState[K];
  /** From the text of an address, given the settings before this one. */
  schema(settled: Settled, catalogue: Catalogue): z.ZodType<LabState[K], string>;
  /** Whether a change of it is a step that the back button undoes. */
  readonly step: boolean;
}

/** A whole number, 0 or more, as text. */
const integer = z.string().regex(/^\d+$/, 'a whole number').transform(Number);
/** A number as text. */
export const decimal = z
  .string()
  .regex(/^-?\d+(\.\d+)?(e-?\d+)?$/i, 'a number')
  .transform(Number);

/** One of these words. */
export function oneOf<T extends string>(values: readonly T[]) {
  return z
    .string()
    .refine((text): text is T => (values as readonly string[]).includes(text), `one of ${values.join(', ')}`);
}

function classOr<T extends string>(word: T) {
  return z.union([z.literal(word), integer.pipe(z.number().max(9, 'a class from 0 to 9'))]);
}

function isDrawing(text: string): boolean {
  try {
    decodeDrawing(text);
    return true;
  } catch {
    return false;
  }
}

export function attackOf(state: Settled, catalogue: Catalogue): AttackEntry {
  return catalogue.attacks.find(({ id }) => id === state.attack) as AttackEntry;
}

/** The models that a transfer attack is made on: all but the attacked one; none for any other attack. */
export function surrogatesOf(state: LabState, catalogue: Catalogue): readonly ModelEntry[] {
  if (attackOf(state, catalogue).access !== 'transfer') return [];
  return catalogue.models.filter(({ id }) => id !== state.model);
}

/** Every option of the attack with its value. */
export function optionsOf(state: LabState, catalogue: Catalogue): Record<string, OptionValue> {
  const { options } = attackOf(state, catalogue);
  return Object.fromEntries(options.map(({ key, default: preset }) => [key, state.options[key] ?? preset]));
}

/** The class that the image is known to be of; null for a drawn one whose class is the model's to say. */
export function labelOf(state: Settled, catalogue: Catalogue): number | null {
  if (state.digit === 'drawn') return state.label === 'auto' || state.label === undefined ? null : state.label;
  return catalogue.digits.find(({ index }) => index === state.digit)?.label ?? null;
}

function budget(settled: Settled, catalogue: Catalogue): z.ZodType<number, string> {
  const ball = balls[settled.norm as Norm];
  const number = decimal.pipe(z.number().min(0).max(ball.maximum, `at most ${ball.maximum}`));
  const whole = settled.norm === 'L0' ? number.refine(Number.isInteger, 'a whole number of pixels') : number;
  if (attackOf(settled, catalogue).kind === 'fixed-epsilon') return whole;
  return z.union([z.literal('none').transform(() => Infinity), whole]);
}

function target(settled: Settled, catalogue: Catalogue): z.ZodType<LabState['target'], string> {
  const { targeted, name } = attackOf(settled, catalogue);
  const label = labelOf(settled, catalogue);
  const other = z.number().refine((value) => value !== label, 'a class other than the true one');
  const reachable = integer.pipe(other.max(9, 'a class from 0 to 9'));
  if (targeted === 'never') return z.literal('any', { error: `${name} cannot be told a class` });
  return targeted === 'required' ? reachable : z.union([z.literal('any'), reachable]);
}

export const settings: { readonly [K in Key]: Setting<K> }[Key][] = [
  {
    key: 'drawing',
    step: true,
    fallback: () => '',
    schema: () => z.string().max(2000).refine(isDrawing, 'a drawing as the lab writes it'),
  },
  {
    key: 'digit',
    step: true,
    fallback: (_, { digits }) => digits[0]?.index ?? 'drawn',
    schema: ({ drawing }, { digits }) =>
      z.union([
        z.literal('drawn').refine(() => drawing !== '', 'a drawing to go with it'),
        integer.refine((index) => digits.some((digit) => digit.index === index), 'the index of a stored digit'),
      ]),
  },
  { key: 'label', step: true, fallback: () => 'auto', schema: () => classOr('auto') },
  {
    key: 'model',
    step: true,
    fallback: (_, { models }) => models[0]?.id ?? '',
    schema: (_, { models }) => oneOf(models.map(({ id }) => id)),
  },
  {
    key: 'attack',
    step: true,
    fallback: (_, { attacks }) => (attacks.find(({ id }) => id === 'pgd') ?? attacks[0])?.id ?? '',
    schema: (_, { attacks }) => oneOf(attacks.map(({ id }) => id)),
  },
  {
    key: 'norm',
    step: true,
    fallback: (settled, catalogue) => attackOf(settled, catalogue).norms[0] as Norm,
    schema: (settled, catalogue) => oneOf(attackOf(settled, catalogue).norms),
  },
  {
    key: 'epsilon',
    step: false,
    // A search pixel by pixel ends at its budget; one that minimises a length ends by itself.
    fallback: (settled, catalogue) =>
      settled.norm === 'L0' || attackOf(settled, catalogue).kind === 'fixed-epsilon'
        ? balls[settled.norm as Norm].default
        : Infinity,
    schema: budget,
  },
  {
    key: 'target',
    step: true,
    fallback: (settled, catalogue) =>
      attackOf(settled, catalogue).targeted === 'required' ? ((labelOf(settled, catalogue) ?? 0) + 1) % 10 : 'any',
    schema: target,
  },
  {
    key: 'seed',
    step: false,
    fallback: () => 0,
    schema: () => integer.pipe(z.number().max(2 ** 31 - 1, 'at most 2147483647')),
  },
  { key: 'backend', step: true, fallback: () => 'auto', schema: () => oneOf(['auto', ...browserBackends] as const) },
];
