import * as z from 'zod';
import type { AttackEntry, AttackOption, ChoiceOption, NumberOption } from './catalogue.ts';
import { decimal, type OptionValue, oneOf } from './settings.ts';

/** The choice that stands as `text` in a menu or an address. */
export function choiceOf({ choices, default: preset }: ChoiceOption, text: string): OptionValue {
  return choices.find((choice) => String(choice) === text) ?? preset;
}

/** An option of an attack, from the text of an address. */
export function optionSchema(option: AttackOption): z.ZodType<OptionValue, string> {
  if (option.kind === 'switch') return oneOf(['true', 'false']).transform((text) => text === 'true');
  if (option.kind === 'choice') {
    return oneOf(option.choices.map(String)).transform((text) => choiceOf(option, text));
  }
  return decimal.pipe(
    z.number().superRefine((value, context) => {
      const wrong = optionMistake(option, value);
      if (wrong !== null) context.addIssue({ code: 'custom', message: wrong });
    }),
  );
}

/** What is wrong with a number for an option, as what was wanted; null when nothing is. */
export function optionMistake(option: NumberOption, value: number): string | null {
  const { minimum, maximum, open, integer: whole } = option;
  if (whole && !Number.isInteger(value)) return 'a whole number';
  if (minimum !== null && (value < minimum || (open.minimum && value === minimum))) {
    return `${open.minimum ? 'more than' : 'at least'} ${minimum}`;
  }
  if (maximum !== null && (value > maximum || (open.maximum && value === maximum))) {
    return `${open.maximum ? 'less than' : 'at most'} ${maximum}`;
  }
  return null;
}

/**
 * Options by which an attack goes by the logits, whose gradients do not vanish with the probabilities.
 * @returns null when it has none such, or goes by them already
 */
export function onLogits(
  attack: AttackEntry,
  current: Readonly<Record<string, OptionValue>>,
): Record<string, OptionValue> | null {
  for (const option of attack.options) {
    if (option.kind !== 'choice') continue;
    const choice = option.choices.find((candidate) => candidate === 'logits' || candidate === 'margin');
    if (choice === undefined) continue;
    return (current[option.key] ?? option.default) === choice ? null : { ...current, [option.key]: choice };
  }
  return null;
}
