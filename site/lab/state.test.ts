import { describe, expect, it } from 'vitest';
import { attacks } from '#core/attacks/index.ts';
import type { AttackEntry, Catalogue } from './catalogue.ts';
import { encodeDrawing } from './drawing.ts';
import { describeAttack } from './menu.ts';
import { changeState, parseState, writeState } from './state.ts';

const nets = { form: { inputShape: [28, 28, 1], classes: 10 }, models: [], defenses: [] } as const;
const model = {
  description: '',
  architecture: 'papernot-mnist',
  sha256: '',
  row: null,
  withdrawn: null,
  nets,
  files: [],
};
const minimal: AttackEntry = {
  ...{ id: 'smallest', name: 'Smallest', norms: ['L2'], kind: 'minimum-norm', access: 'gradient' },
  ...{ targeted: 'required', paper: 'https://example.org', options: [] },
};
const catalogue: Catalogue = {
  attacks: [
    ...attacks.filter(({ id }) => id === 'fgsm' || id === 'pgd').map((attack) => describeAttack(attack)),
    minimal,
  ],
  models: [
    { ...model, id: 'Undefended', name: 'Undefended' },
    { ...model, id: 'Papernot2016Distillation', name: 'Distillation' },
  ],
  digits: [
    { index: 3, label: 0, pixels: '' },
    { index: 0, label: 7, pixels: '' },
  ],
};
const drawing = encodeDrawing(new Float32Array(784).map((_, i) => (i % 29 === 0 ? 1 : 0)));

describe('the state in the address', () => {
  it('is empty for a plain visit', () => {
    const { state, notices } = parseState('', catalogue);
    expect(notices).toEqual([]);
    expect(state).toMatchObject({
      digit: 3,
      model: 'Undefended',
      attack: 'pgd',
      norm: 'Linf',
      epsilon: 0.3,
      target: 'any',
    });
    expect(writeState(state, catalogue)).toBe('');
  });

  it.each([
    '?digit=0&model=Papernot2016Distillation&attack=fgsm&norm=L2&epsilon=1.5&target=3&seed=17&backend=wasm',
    '?option.steps=7&option.randomStart=false&option.loss=margin',
    '?attack=smallest&epsilon=2&target=9',
    `?drawing=${drawing}&digit=drawn&label=4`,
  ])('survives being read and written: %s', (query) => {
    const { state, notices } = parseState(query, catalogue);
    expect(notices).toEqual([]);
    const written = writeState(state, catalogue);
    expect(parseState(written, catalogue).state).toEqual(state);
    expect(new Set(new URLSearchParams(written))).toEqual(new Set(new URLSearchParams(query)));
  });

  it.each([
    ['digit=5', 'digit'],
    ['digit=drawn', 'digit'],
    ['drawing=<script>', 'drawing'],
    ['model=Nobody', 'model'],
    ['attack=none', 'attack'],
    ['norm=L0', 'norm'],
    ['epsilon=-1', 'epsilon'],
    ['epsilon=1.01', 'epsilon'],
    ['epsilon=none', 'epsilon'],
    ['epsilon=', 'epsilon'],
    ['target=0', 'target'],
    ['target=10', 'target'],
    ['seed=1e99', 'seed'],
    ['backend=cuda', 'backend'],
    ['option.steps=0', 'option.steps'],
    ['option.steps=1.5', 'option.steps'],
    ['option.relativeStepSize=0', 'option.relativeStepSize'],
    ['option.loss=hinge', 'option.loss'],
    ['option.nothing=1', 'option.nothing'],
  ])('falls back from %s with a notice', (query, key) => {
    const { state, notices } = parseState(`?${query}`, catalogue);
    expect(notices).toHaveLength(1);
    expect(notices[0]).toContain(`${key}:`);
    expect(state).toEqual(parseState('', catalogue).state);
  });

  it('leaves parameters of others alone', () => {
    expect(parseState('?utm_source=x&__proto__=1', catalogue).notices).toEqual([]);
  });
});

describe('a change', () => {
  const first = parseState('', catalogue).state;

  it('lets what no longer fits fall back', () => {
    const smallest = changeState({ ...first, options: { steps: 3 } }, { attack: 'smallest' }, catalogue).state;
    expect(smallest).toMatchObject({ norm: 'L2', epsilon: Infinity, target: 1, options: {} });
    expect(changeState(first, { norm: 'L2' }, catalogue).state.epsilon).toBe(2);
    expect(changeState({ ...first, target: 7 }, { digit: 0 }, catalogue).state.target).toBe('any');
  });

  it('is a step of the back button unless it is a slider', () => {
    expect(changeState(first, { attack: 'fgsm' }, catalogue).step).toBe(true);
    expect(changeState(first, { epsilon: 0.2 }, catalogue).step).toBe(false);
    expect(changeState(first, { options: { steps: 3 } }, catalogue).step).toBe(false);
  });
});
