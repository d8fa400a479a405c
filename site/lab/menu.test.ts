import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { attacks } from '#core/attacks/index.ts';
import { describeAttack, leftOut, presetOf } from './menu.ts';
import { optionMistake, optionSchema } from './options.ts';

describe('the menu', () => {
  it('offers every attack that can run in the lab, and names why any other cannot', () => {
    const reasons = (models: number) =>
      Object.fromEntries(
        attacks.flatMap((attack) => {
          const reason = leftOut(attack, models);
          return reason === null ? [] : [[attack.id, reason]];
        }),
      );
    expect(reasons(2)).toEqual({});
    expect(reasons(1)).toEqual({ transfer: 'it is made on other models, and there is none but the attacked one' });
  });

  it('is put in order by what attacks may know, with a place for every attack', async () => {
    const page = await readFile(new URL('../components/lab/Controls.astro', import.meta.url), 'utf8');
    const places = [...page.matchAll(/\{ access: '([a-z]+)', label/g)].map((match) => match[1]);
    expect(places).toEqual(expect.arrayContaining(attacks.map(({ access }) => access)));
  });

  it.each(attacks.map((attack) => [attack.id, attack] as const))(
    'shows every option of %s as its schema has it',
    (_, attack) => {
      const { options } = describeAttack(attack);
      const defaults = attack.optionsSchema.parse(presetOf(attack.id));
      expect(Object.fromEntries(options.map((option) => [option.key, option.default]))).toEqual(defaults);
      for (const option of options) {
        expect(option.label).toMatch(/^[A-Z]/);
        expect(option.help).not.toBe('');
      }
    },
  );

  it.each(attacks.map((attack) => [attack.id, attack] as const))(
    'refuses of %s what its schema refuses',
    (_, attack) => {
      for (const option of describeAttack(attack).options) {
        if (option.kind !== 'number') continue;
        const { minimum, maximum } = option;
        const candidates = [option.default, minimum, maximum, (minimum ?? 0) - 1, (maximum ?? 1e6) + 1, 0.5].filter(
          (v) => v !== null,
        );
        for (const value of candidates) {
          const accepted = attack.optionsSchema.safeParse({ [option.key]: value }).success;
          expect([option.key, value, optionMistake(option, value) === null]).toEqual([option.key, value, accepted]);
          expect(optionSchema(option).safeParse(String(value)).success).toBe(accepted);
        }
      }
    },
  );
});
