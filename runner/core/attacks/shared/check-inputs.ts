import { ParapetError } from '../../errors.ts';
import type { Norm } from '../../projections.ts';
import type { Attack } from '../attack.ts';

/** What an attack is run on. */
export interface AttackInputs {
  readonly attack: Attack;
  readonly inputShape: readonly [height: number, width: number, channels: number];
  readonly classes: number;
  readonly x: Float32Array;
  readonly y: Int32Array;
  readonly target: Int32Array | null;
  readonly examples: Int32Array;
  readonly norm: Norm;
  readonly epsilon: number;
  readonly surrogates?: readonly { readonly inputShape: readonly number[]; readonly classes: number }[];
}

/** @throws ParapetError 'usage' that names the field, what came and what was wanted */
export function checkInputs(inputs: AttackInputs): void {
  checkThreat(inputs);
  checkSurrogates(inputs);
  const { examples, x, y, target, inputShape, classes } = inputs;
  const rows = examples.length;
  const size = inputShape.reduce((product, extent) => product * extent, 1);
  wanted(x instanceof Float32Array, 'x', `${Object(x).constructor.name}`, 'a Float32Array');
  wanted(x.length === rows * size, 'x', `${x.length} values`, `${rows} images of ${inputShape.join('×')}`);
  const outside = x.findIndex((value) => !(value >= 0 && value <= 1));
  const field = `x of example ${examples[Math.floor(outside / size)]}`;
  wanted(
    outside < 0,
    field,
    x[outside],
    'pixels in [0, 1]',
    outside >= 0 && hasBytes(x) ? 'divide them by 255' : undefined,
  );
  checkClasses('y', y, rows, classes);
  if (target === null) return;
  checkClasses('target', target, rows, classes);
  const own = target.findIndex((value, row) => value === y[row]);
  wanted(own < 0, `target of example ${examples[own]}`, target[own], 'another class than its own');
}

function checkThreat({ attack, norm, epsilon, target }: AttackInputs) {
  wanted(attack.norms.includes(norm), 'norm', norm, `${attack.norms.join(' or ')} for ${attack.id}`);
  wanted(epsilon >= 0, 'epsilon', epsilon, 'a radius of at least 0');
  const bounded = attack.kind !== 'fixed-epsilon' || epsilon < Number.POSITIVE_INFINITY;
  wanted(bounded, 'epsilon', epsilon, `a finite radius, which ${attack.id} needs`);
  if (attack.targeted === 'required')
    wanted(target !== null, 'target', null, `classes to reach: ${attack.id} is targeted`);
  if (attack.targeted === 'never') wanted(target === null, 'target', 'classes', `none: ${attack.id} is untargeted`);
}

function checkSurrogates({ attack, surrogates = [], inputShape, classes }: AttackInputs) {
  const wish = `models to craft on: ${attack.id} transfers`;
  if (attack.access === 'transfer') wanted(surrogates.length > 0, 'surrogates', 'none', wish);
  for (const surrogate of surrogates) {
    const came = `a model of ${surrogate.inputShape.join('×')} to ${surrogate.classes} classes`;
    const same = surrogate.inputShape.join() === inputShape.join() && surrogate.classes === classes;
    wanted(same, 'surrogates', came, `${inputShape.join('×')} to ${classes}, as the attacked one`);
  }
}

function checkClasses(field: string, values: Int32Array, rows: number, classes: number) {
  wanted(values.length === rows, field, `${values.length} values`, `${rows}, one per example`);
  const bad = values.findIndex((value) => value < 0 || value >= classes);
  wanted(bad < 0, field, values[bad], `classes from 0 to ${classes - 1}`);
}

/** Whether the pixels are whole numbers up to 255, as files hold them. */
function hasBytes(x: Float32Array): boolean {
  return x.every((value) => Number.isInteger(value) && value >= 0 && value <= 255);
}

function wanted(holds: boolean, field: string, came: unknown, wish: string, hint?: string) {
  if (!holds) throw new ParapetError('usage', `${field}: ${came} came, wanted ${wish}`, hint);
}
