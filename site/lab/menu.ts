import { z } from 'zod';
import type { Attack } from '#core/attacks/attack.ts';
import { quick } from '#core/suites/quick.ts';
import type { SuiteAttack } from '#core/suites/suite.ts';
import type { AttackEntry, AttackOption } from './catalogue.ts';

/** What of JSON Schema the options of an attack may come out as. */
interface OptionSchema {
  readonly type?: string;
  readonly title?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly (string | number)[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
}

/** `relativeStepSize` → `Relative step size`. */
function words(key: string): string {
  const spaced = key.replace(/([a-z0-9])([A-Z])/g, '$1 $2').toLowerCase();
  return spaced.charAt(0).toUpperCase() + spaced.slice(1);
}

/** A bound that only says "a safe integer" is no range for a slider. */
function bound(value: number | undefined): number | null {
  return value === undefined || Math.abs(value) >= Number.MAX_SAFE_INTEGER ? null : value;
}

/** @param preset what the lab begins with in place of the schema's default */
function describeOption(key: string, schema: OptionSchema, preset: unknown): AttackOption | null {
  const common = { key, label: schema.title ?? words(key), help: schema.description ?? '' };
  const { type } = schema;
  const value = preset ?? schema.default;
  if (typeof value === 'boolean') return { ...common, kind: 'switch', default: value };
  if (schema.enum !== undefined && (typeof value === 'string' || typeof value === 'number')) {
    return { ...common, kind: 'choice', choices: schema.enum, default: value };
  }
  if (typeof value === 'number') {
    return {
      ...common,
      kind: 'number',
      integer: type === 'integer',
      minimum: bound(schema.minimum ?? schema.exclusiveMinimum),
      maximum: bound(schema.maximum ?? schema.exclusiveMaximum),
      open: {
        minimum: schema.minimum === undefined && schema.exclusiveMinimum !== undefined,
        maximum: schema.maximum === undefined && schema.exclusiveMaximum !== undefined,
      },
      default: value,
    };
  }
  return null;
}

/** The options of an attack in the quick suite, made for a laptop; none where it is not in it. */
export function presetOf(attack: string): SuiteAttack['options'] {
  const lines = Object.values(quick.attacks).flat();
  return lines.find((line) => line.attack === attack)?.options ?? {};
}

/**
 * Why an attack cannot run in the lab.
 * @param models how many models the lab has
 * @returns null for every attack that can
 */
export function leftOut({ access }: Pick<Attack, 'access'>, models: number): string | null {
  if (access === 'transfer' && models < 2) return 'it is made on other models, and there is none but the attacked one';
  return null;
}

/**
 * An attack as the lab's menu shows it: labels, ranges and help come from the one schema of its options, and so do the values
 * to begin with where the quick suite has none. An option without a default, or of another type than number, switch and
 * choice, keeps to what the attack does by itself.
 * @param preset values to begin with in place of the schema's defaults
 */
export function describeAttack(attack: Attack, preset = presetOf(attack.id)): AttackEntry {
  const { properties = {} } = z.toJSONSchema(attack.optionsSchema, { io: 'input', unrepresentable: 'any' });
  const options = Object.entries(properties).map(([key, schema]) =>
    describeOption(key, schema as OptionSchema, preset[key]),
  );
  const { id, name, norms, kind, access, targeted, paper } = attack;
  const described = options.filter((option) => option !== null);
  return { id, name, norms, kind, access, targeted, paper, options: described };
}
