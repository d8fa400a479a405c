import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findAttack } from '#core/attacks/index.ts';
import { loadOwnAttack } from './own-attack.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parapet-attack-'));
});
afterEach(() => rm(folder, { recursive: true }));

async function load(text: string) {
  const path = join(folder, 'mine.ts');
  await writeFile(path, text);
  return loadOwnAttack(path);
}

describe('an attack of one’s own', () => {
  it('is known by its id afterwards, with what it leaves out filled in', async () => {
    const { attack, file } = await load(
      `export default { id: 'never', norms: ['L2'], perturb: async ({ x }) => x.clone() };`,
    );
    expect(findAttack('never')).toBe(attack);
    expect(attack).toMatchObject({ name: 'never', kind: 'fixed-epsilon', access: 'gradient', targeted: 'optional' });
    expect(file.sha256).toMatch(/^[0-9a-f]{64}$/);
  });

  it('may be a function of what attacks are made of, in TypeScript', async () => {
    const text = await readFile(new URL('../../docs/own-model.md', import.meta.url), 'utf8');
    const [, example = ''] = /```ts\n([\s\S]*?)```/.exec(text) ?? [];
    expect((await load(example)).attack).toMatchObject({ id: 'mine', norms: ['Linf'] });
  });

  it('says whose error it is when it throws', async () => {
    const { attack } = await load(
      `export default { id: 'bad', norms: ['L2'], perturb() { throw new Error('oh no'); } };`,
    );
    await expect(attack.perturb({} as never, {})).rejects.toMatchObject({ kind: 'usage', message: 'mine.ts: oh no' });
  });

  it.each([
    ['const x = ;', /mine\.ts: cannot be run: /],
    ['export const attack = 1;', /its default export is no attack/],
    [`export default { id: 'a', norms: ['L2'] };`, /mine\.ts: perturb: wanted a function/],
    [`export default { id: 'A b', norms: ['L2'], perturb() {} };`, /mine\.ts: id: wanted a short name/],
    [`export default { id: 'a', norms: ['L3'], perturb() {} };`, /mine\.ts: norms\.0: /],
    [`export default { id: 'pgd', norms: ['L2'], perturb() {} };`, /id: 'pgd' is an attack of Parapet/],
    [`export default () => { throw new Error('no kit'); };`, /cannot be run: no kit/],
  ])('is refused with one sentence: %s', async (text, message) => {
    await expect(load(text)).rejects.toMatchObject({ kind: 'usage', message: expect.stringMatching(message) });
  });

  it('must be there', async () => {
    await expect(loadOwnAttack(join(folder, 'none.ts'))).rejects.toThrow(/--attack: .*none\.ts: there is no such file/);
  });
});
