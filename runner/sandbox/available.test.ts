import { describe, expect, it } from 'vitest';
import { requireSandbox } from './available.ts';

const missing = async () => 'bubblewrap is not installed';
const notes: string[] = [];
const ask = (publish: boolean, env: NodeJS.ProcessEnv, problem: () => Promise<string | null> = missing) =>
  requireSandbox({ publish, env, problem, note: (text) => notes.push(text) });

describe('the sandbox', () => {
  it('is taken wherever it works', async () => {
    expect(await ask(true, { CI: 'true' }, async () => null)).toBe(true);
    expect(await ask(false, {}, async () => null)).toBe(true);
  });

  it.each([
    [true, {}, /^--publish needs the sandbox, which does not work here: bubblewrap is not installed$/],
    [true, { CI: '' }, /^--publish needs the sandbox/],
    [false, { CI: 'true' }, /^an evaluation under CI \(CI is set\) needs the sandbox/],
    [false, { CI: '1' }, /^an evaluation under CI/],
  ])('is demanded with publish %s and %j, with exit code 5 and the way out', async (publish, env, message) => {
    await expect(ask(publish, env)).rejects.toMatchObject({
      exitCode: 5,
      message: expect.stringMatching(message),
      hint: expect.stringMatching(/apt-get install bubblewrap.*user namespaces/),
    });
  });

  it('is elsewhere missed with one warning', async () => {
    for (const env of [{}, { CI: 'false' }, { CI: '0' }]) expect(await ask(false, env)).toBe(false);
    expect(notes).toEqual([
      expect.stringMatching(/^warning: models run without a sandbox \(bubblewrap is not installed\)/),
    ]);
  });
});
