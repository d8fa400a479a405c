import { readFile } from 'node:fs/promises';
import type { Page } from 'playwright-core';

/** A part of the lab's page, by its name there. */
export const lab = (page: Page, name: string) => page.locator(`[data-lab="${name}"]`);

/** Waits until nothing is computed any more and something has been. */
export async function settled(page: Page): Promise<void> {
  await page.waitForFunction(
    () =>
      document.querySelector('[data-lab="stage"]:not([data-stale])') !== null &&
      !document.querySelector<HTMLButtonElement>('[data-lab="save-json"]')?.disabled,
  );
}

/** What the page offers to be saved. */
export async function saved(page: Page, button: 'save-json' | 'save-safetensors'): Promise<Buffer> {
  const [download] = await Promise.all([page.waitForEvent('download'), lab(page, button).click()]);
  return readFile(await download.path());
}
