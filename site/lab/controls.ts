/** Binds the form of the lab to its state: what a visitor sets becomes a change, what the state says is shown. */
import { bindAttackControls } from './attack-controls.ts';
import type { Catalogue } from './catalogue.ts';
import { bindDigitControls } from './digit-controls.ts';
import { make, part } from './dom.ts';
import { numberControl } from './number-control.ts';
import type { BackendChoice } from './protocol.ts';
import type { LabState } from './settings.ts';

const LARGEST_SEED = 2 ** 31 - 1;

/**
 * @param change takes what a visitor sets
 * @returns shows a state, such as one that the back button came to
 */
export function bindControls(
  catalogue: Catalogue,
  change: (change: Partial<LabState>) => void,
): (state: LabState) => void {
  const showDigit = bindDigitControls(change);
  const showAttack = bindAttackControls(catalogue, change);
  const seed = numberControl({
    ...{ id: 'lab-seed', label: 'Seed', help: 'All chance follows from it: the same seed, the same images.' },
    ...{ integer: true, minimum: 0, maximum: LARGEST_SEED, slider: null, step: 1 },
    mistake: (value) =>
      Number.isInteger(value) && value >= 0 && value <= LARGEST_SEED
        ? null
        : `a whole number from 0 to ${LARGEST_SEED}`,
    change: (value) => change({ seed: value }),
  });
  part('seed').replaceChildren(seed.element);

  const selects: readonly [name: string, take: (value: string) => Partial<LabState>][] = [
    ['model', (model) => ({ model })],
    ['attack', (attack) => ({ attack })],
    ['target', (target) => ({ target: target === 'any' ? target : Number(target) })],
    ['backend-choice', (backend) => ({ backend: backend as BackendChoice })],
  ];
  for (const [name, take] of selects) {
    const select = part<HTMLSelectElement>(name);
    select.addEventListener('change', () => change(take(select.value)));
  }
  part('controls').addEventListener('submit', (event) => event.preventDefault());

  return (state) => {
    showDigit(state);
    showAttack(state);
    part<HTMLSelectElement>('model').value = state.model;
    part<HTMLSelectElement>('attack').value = state.attack;
    part<HTMLSelectElement>('backend-choice').value = state.backend;
    const model = catalogue.models.find(({ id }) => id === state.model);
    const row = model?.row ? [' ', make('a', { href: model.row }, 'Its row on the board')] : [];
    part('model-help').replaceChildren(
      ...(model?.withdrawn ? [model.withdrawn, ' '] : []),
      model?.description ?? '',
      ...row,
    );
    seed.set(state.seed);
  };
}
