import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { expect } from 'vitest';
import { launchBrowser } from './browser.ts';
import type { Built } from './build.ts';
import { serve } from './serve.ts';

/** A built site, served, and a browser that looks at it. */
export interface Opened {
  readonly url: string;
  readonly browser: Browser;
  /** Takes a step on a new page at the path; what the browser complains of fails the test, but for what is `expected`. */
  onPage(path: string, step: (page: Page) => Promise<void>, options?: PageOptions): Promise<void>;
  close(): Promise<void>;
}

interface PageOptions extends BrowserContextOptions {
  readonly expected?: RegExp;
  readonly before?: (page: Page) => Promise<void>;
}

/** @throws Error with what the build said, if the site could not be built */
export async function openSite(built: Built): Promise<Opened> {
  if (built.code !== 0) throw new Error(built.log);
  const [browser, served] = await Promise.all([launchBrowser(), serve(built.dist)]);
  return {
    url: served.url,
    browser,
    async onPage(path, step, { expected, before, ...context } = {}) {
      const viewport = { width: 1280, height: 900 };
      const opened = await browser.newContext({ baseURL: served.url, viewport, ...context });
      const complaints: string[] = [];
      const page = await opened.newPage();
      page.setDefaultTimeout(30_000);
      const complain = (text: string) => expected?.test(text) || complaints.push(text);
      page.on('console', (message) => /^(error|warning)$/.test(message.type()) && complain(message.text()));
      page.on('pageerror', (error) => complain(error.message));
      page.on('dialog', async (dialog) => {
        complain(`dialog: ${dialog.message()}`);
        await dialog.dismiss();
      });
      await before?.(page);
      await page.goto(path);
      await step(page);
      await opened.close();
      expect(complaints).toEqual([]);
    },
    async close() {
      await Promise.all([browser.close(), served.close()]);
      await built.remove();
    },
  };
}
