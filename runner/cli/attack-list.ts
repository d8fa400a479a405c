import { z } from 'zod';
import type { Attack } from '#core/attacks/attack.ts';
import { attacks } from '#core/attacks/index.ts';
import { table } from './output.ts';

/** What the help of `attack` ends with: the options of the attack that the command line names, or every attack. */
export function attackHelp(words: readonly string[]): string {
  const named = attacks.find(
    ({ id }) => words.includes(`--attack=${id}`) || words[words.indexOf('--attack') + 1] === id,
  );
  return named === undefined ? attackList() : optionList(named);
}

const targets = { optional: 'or not', required: 'always', never: 'never' } as const;

function attackList(): string {
  const rows = attacks.map(({ id, norms, access, kind, targeted, paper }) => {
    return [id, norms.join(' '), access, kind, targets[targeted], paper];
  });
  return table(['attack', 'norms', 'access', 'kind', 'targeted', 'paper'], rows, []);
}

interface OptionSchema {
  readonly default?: unknown;
  readonly description?: string;
  readonly enum?: readonly unknown[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
}

function optionList({ id, name: title, optionsSchema }: Attack): string {
  const { properties = {} } = z.toJSONSchema(optionsSchema, { io: 'input', unrepresentable: 'any' });
  const rows = Object.entries(properties).map(([name, schema]) => {
    const option = schema as OptionSchema;
    return [name, written(option.default), range(option), option.description ?? ''];
  });
  if (rows.length === 0) return `${title} takes no options.`;
  return table([`option of ${id}`, 'default', 'may be', ''], rows, []);
}

function written(value: unknown): string {
  return typeof value === 'number' ? String(Number(value.toPrecision(6))) : String(value ?? '–');
}

function range({ enum: choices, minimum, maximum, exclusiveMinimum, exclusiveMaximum }: OptionSchema): string {
  if (choices !== undefined) return choices.join(', ');
  const open = (value: number | undefined) => value === undefined || Math.abs(value) >= Number.MAX_SAFE_INTEGER;
  return [
    open(minimum) ? '' : `≥ ${minimum}`,
    open(exclusiveMinimum) ? '' : `> ${exclusiveMinimum}`,
    open(maximum) ? '' : `≤ ${maximum}`,
    open(exclusiveMaximum) ? '' : `< ${exclusiveMaximum}`,
  ]
    .filter((end) => end !== '')
    .join(', ');
}
