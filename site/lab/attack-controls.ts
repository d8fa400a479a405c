/** The settings that depend on the attack: its norm, its budget, its target and its options, from its entry in the menu. */
import type { Norm } from '#core/projections.ts';
import { balls } from './balls.ts';
import type { AttackEntry, Catalogue } from './catalogue.ts';
import { make, part } from './dom.ts';
import { type NumberControl, numberControl } from './number-control.ts';
import { type OptionControl, optionControl } from './option-controls.ts';
import { attackOf, type LabState, labelOf } from './settings.ts';

type Change = (change: Partial<LabState>) => void;

const aims: Readonly<Record<AttackEntry['kind'], string>> = {
  'fixed-epsilon': 'Looks for a wrong answer within the budget.',
  'minimum-norm': 'Looks for the smallest change that does it.',
  unbounded: 'Changes as much as it needs.',
};

function normChoices({ norms }: AttackEntry): HTMLElement[] {
  const [only] = norms;
  if (norms.length === 1 && only !== undefined) return [make('p', { class: 'help' }, balls[only].label)];
  return norms.map((norm) =>
    make('label', { class: 'check' }, make('input', { type: 'radio', name: 'norm', value: norm }), balls[norm].label),
  );
}

function budgetControl(norm: Norm, change: Change): NumberControl {
  const { help, maximum, slider, step, symbol } = balls[norm];
  const whole = norm === 'L0';
  return numberControl({
    ...{ id: 'lab-epsilon', label: symbol, help, integer: whole, minimum: 0, maximum, step },
    slider: { from: 0, to: slider, logarithmic: false },
    mistake: (value) => {
      if (whole && !Number.isInteger(value)) return 'a whole number of pixels';
      return value >= 0 && value <= maximum ? null : `a number from 0 to ${maximum}`;
    },
    change: (epsilon) => change({ epsilon }),
  });
}

/**
 * @param change takes what a visitor sets
 * @returns shows a state
 */
export function bindAttackControls(catalogue: Catalogue, change: Change): (state: LabState) => void {
  let state: LabState;
  let attack: AttackEntry | null = null;
  let norm: Norm | null = null;
  let budget: NumberControl | null = null;
  let options = new Map<string, OptionControl>();
  const unlimited = part<HTMLInputElement>('unlimited');

  part('norms').addEventListener('change', ({ target }) =>
    change({ norm: (target as HTMLInputElement).value as Norm }),
  );
  unlimited.addEventListener('change', () =>
    change({ epsilon: unlimited.checked ? Number.POSITIVE_INFINITY : balls[state.norm].default }),
  );
  part('reset').addEventListener('click', () => change({ options: {} }));

  function buildAttack(next: AttackEntry): void {
    attack = next;
    const link = make('a', { href: next.paper }, 'Paper');
    const blind = next.access === 'transfer' ? 'Made on the lab’s other models, without asking this one. ' : '';
    part('attack-help').replaceChildren(`${aims[next.kind]} ${blind}`, link);
    part('norms').replaceChildren(...normChoices(next));
    unlimited.parentElement?.toggleAttribute('hidden', next.kind === 'fixed-epsilon');
    part('target-field').hidden = next.targeted === 'never';
    const take = (key: string, value: LabState['options'][string]) => {
      const { [key]: _, ...others } = state.options;
      const preset = next.options.find((option) => option.key === key)?.default;
      change({ options: value === preset ? others : { ...others, [key]: value } });
    };
    options = new Map(next.options.map((option) => [option.key, optionControl(option, take)]));
    part('options').replaceChildren(...[...options.values()].map(({ element }) => element));
    part('options-details').hidden = options.size === 0;
  }

  function showTargets(): void {
    const label = labelOf(state, catalogue);
    for (const choice of part<HTMLSelectElement>('target').options) {
      choice.disabled = choice.value === 'any' ? attack?.targeted === 'required' : choice.value === String(label);
    }
    part<HTMLSelectElement>('target').value = String(state.target);
  }

  return (next) => {
    state = next;
    const entry = attackOf(state, catalogue);
    if (entry !== attack) buildAttack(entry);
    if (state.norm !== norm) {
      norm = state.norm;
      budget = budgetControl(norm, change);
      part('budget').replaceChildren(budget.element);
    }
    for (const radio of part('norms').querySelectorAll('input')) radio.checked = radio.value === state.norm;
    unlimited.checked = state.epsilon === Number.POSITIVE_INFINITY;
    part('budget').hidden = unlimited.checked;
    if (!unlimited.checked) budget?.set(state.epsilon);
    for (const { key, default: preset } of entry.options) options.get(key)?.set(state.options[key] ?? preset);
    showTargets();
  };
}
