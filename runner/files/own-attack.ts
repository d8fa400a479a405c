/** An attack of a person's own, from a local file. It is their code on their machine; a submission can name none. */
import { readFile } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import * as tf from '@tensorflow/tfjs';
import { z } from 'zod';
import type { Attack } from '#core/attacks/attack.ts';
import { addOwnAttack, attacks } from '#core/attacks/index.ts';
import { ParapetError } from '#core/errors.ts';
import { crossEntropy, dlr, margin } from '#core/losses.ts';
import { norms } from '#core/projections.ts';
import { errorCode, fileError } from './file-error.ts';
import { sha256Of } from './sha256.ts';

/** What the file is given: an attack cannot import a second copy of tfjs, whose engine is global. */
const kit = { tf, z, crossEntropy, margin, dlr } as const;

const declared = z.object({
  id: z.string().regex(/^[a-z][a-z0-9-]{0,39}$/, 'wanted a short name of a-z, 0-9 and -'),
  name: z.string().max(80).optional(),
  norms: z.array(z.enum(norms)).min(1),
  kind: z.enum(['fixed-epsilon', 'minimum-norm', 'unbounded']).default('fixed-epsilon'),
  access: z.enum(['gradient', 'scores', 'labels', 'none']).default('gradient'),
  targeted: z.enum(['optional', 'required', 'never']).default('optional'),
  perturb: z.custom<Attack['perturb']>((value) => typeof value === 'function', 'wanted a function'),
});

/** The file of an attack, as a result names it. */
export interface OwnAttackFile {
  readonly path: string;
  readonly sha256: string;
}

export interface OwnAttack {
  readonly attack: Attack;
  readonly file: OwnAttackFile;
}

/**
 * Runs the file and makes its attack known to this process.
 * @param path of a .ts, .mjs or .js file whose default export is `(kit) => attack`, or the attack itself
 * @throws ParapetError 'usage' that says what is missing
 */
export async function loadOwnAttack(path: string): Promise<OwnAttack> {
  const bytes = await readFile(path).catch((error) => {
    if (errorCode(error) !== 'ENOENT') throw fileError('read', path, error);
    throw new ParapetError('usage', `--attack: ${path}: there is no such file`, 'check the path');
  });
  const hint = 'docs/own-model.md has an attack in ten lines to begin from';
  const fail = (what: string): never => {
    throw new ParapetError('usage', `--attack: ${path}: ${what}`, hint);
  };
  let made: unknown;
  try {
    const { default: exported } = (await import(pathToFileURL(resolve(path)).href)) as { default?: unknown };
    made = typeof exported === 'function' ? await exported(kit) : exported;
  } catch (error) {
    fail(`cannot be run: ${(error as Error).message?.split('\n')[0]}`);
  }
  if (typeof made !== 'object' || made === null)
    fail('its default export is no attack, nor a function that returns one');
  const parsed = declared.safeParse(made);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    return fail(`${issue?.path.join('.') || 'attack'}: ${issue?.message}`);
  }
  const { id, name = id, perturb, ...others } = parsed.data;
  if (attacks.some((one) => one.id === id)) fail(`id: '${id}' is an attack of Parapet; choose another`);
  const attack: Attack = {
    ...others,
    id,
    name,
    paper: '',
    optionsSchema: z.strictObject({}),
    async perturb(context, options) {
      try {
        return await perturb.call(made, context, options);
      } catch (error) {
        if (error instanceof ParapetError) throw error;
        throw new ParapetError(
          'usage',
          `${basename(path)}: ${(error as Error).message}`,
          'an error of the attack itself',
        );
      }
    },
  };
  addOwnAttack(attack);
  return { attack, file: { path, sha256: sha256Of(bytes) } };
}
