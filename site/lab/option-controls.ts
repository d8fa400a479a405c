/** The options of an attack as controls, made from its schema. */
import type { AttackOption, NumberOption } from './catalogue.ts';
import { make } from './dom.ts';
import { numberControl } from './number-control.ts';
import { choiceOf, optionMistake } from './options.ts';
import type { OptionValue } from './settings.ts';

export type OptionChange = (key: string, value: OptionValue) => void;

/** Where a slider of an option ends: at its bounds, or where most of its useful values lie. */
function sliderOf({ minimum, maximum, open, integer, default: value }: NumberOption) {
  const usual = value > 0 ? value * 20 : null;
  const to = usual === null ? maximum : Math.min(usual, maximum ?? usual);
  const smallest = minimum !== null && minimum > 0 ? minimum : integer ? 1 : value > 0 ? value / 100 : null;
  if (to === null) return null;
  const wide = smallest !== null && to / smallest > 50 && (minimum === null || minimum > 0 || open.minimum);
  if (wide) return { from: smallest, to, logarithmic: true };
  return minimum === null ? null : { from: open.minimum ? (smallest ?? minimum) : minimum, to, logarithmic: false };
}

function stepOf({ integer, minimum, maximum, default: value }: NumberOption): number {
  const span = minimum !== null && maximum !== null ? maximum - minimum : Math.abs(value) || 1;
  const step = 10 ** Math.floor(Math.log10(span / 20));
  return integer ? Math.max(1, Math.round(step)) : step;
}

/** A control of one option, which can be told another value. */
export interface OptionControl {
  readonly element: HTMLElement;
  set(value: OptionValue): void;
}

function numberOption(option: NumberOption, change: OptionChange): OptionControl {
  const { key, label, help, integer, minimum, maximum } = option;
  const control = numberControl({
    ...{ id: `lab-option-${key}`, label, help, integer, minimum, maximum },
    slider: sliderOf(option),
    step: stepOf(option),
    mistake: (number) => optionMistake(option, number),
    change: (number) => change(key, number),
  });
  return { element: control.element, set: (value) => control.set(value as number) };
}

export function optionControl(option: AttackOption, change: OptionChange): OptionControl {
  if (option.kind === 'number') return numberOption(option, change);
  const { key, label, help } = option;
  const id = `lab-option-${key}`;
  const described = { id, 'aria-describedby': `${id}-help` };
  const text = make('p', { class: 'help', id: `${id}-help` }, help);
  if (option.kind === 'switch') {
    const box = make('input', { ...described, type: 'checkbox' });
    box.addEventListener('change', () => change(key, box.checked));
    const element = make('div', { class: 'field' }, make('label', { class: 'check', for: id }, box, label), text);
    return {
      element,
      set(value) {
        box.checked = value as boolean;
      },
    };
  }
  const select = make(
    'select',
    described,
    ...option.choices.map((choice) => make('option', { value: choice }, String(choice))),
  );
  select.addEventListener('change', () => change(key, choiceOf(option, select.value)));
  return {
    element: make('div', { class: 'field' }, make('label', { for: id }, label), select, text),
    set(value) {
      select.value = String(value);
    },
  };
}
