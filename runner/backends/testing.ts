import type { TestContext } from 'vitest';
import { isInstalled } from './native-files.ts';

/** Skips a test that needs native TensorFlow where it is absent; with PARAPET_NO_SKIP=1 the test fails instead. */
export function needsNative(context: TestContext): void {
  if (isInstalled('cpu') || process.env.PARAPET_NO_SKIP === '1') return;
  context.skip('native TensorFlow is not installed (parapet native install)');
}
