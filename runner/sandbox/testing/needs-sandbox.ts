import { sandboxProblem } from '../available.ts';

/** Why tests that need the sandbox cannot run here; null where they can. With PARAPET_NO_SKIP=1 they run wherever it is not switched off. */
export async function noSandbox(): Promise<string | null> {
  const problem = await sandboxProblem();
  return process.env.PARAPET_NO_SKIP === '1' && process.env.PARAPET_SANDBOX !== 'off' ? null : problem;
}
