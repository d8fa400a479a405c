/** The lab's page in a real browser, for every kind of visitor. */
import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lab, saved, settled } from '../testing/lab-page.ts';
import { buildLabSite, type LabSite } from '../testing/lab-site.ts';
import { type Opened, openSite } from '../testing/open-site.ts';

const distilled = 'Papernot2016Distillation';

let site: LabSite;
let opened: Opened;

beforeAll(async () => {
  site = await buildLabSite(['Undefended', distilled]);
  opened = await openSite(site.built);
});
afterAll(() => opened?.close());

describe('the page', () => {
  it.each([
    ['light', 1280],
    ['dark', 1280],
    ['light', 320],
    ['dark', 320],
  ] as const)('has nothing that axe finds: %s, %i wide', (colorScheme, width) =>
    opened.onPage(
      '/lab/?digit=0',
      async (page) => {
        await settled(page);
        for (const summary of await page.locator('details.more > summary').all()) await summary.click();
        await page.locator('label:has([value="drawn"])').click();
        // The picture is another one now, and what was found for the last one is dimmed until it is attacked.
        await page.waitForTimeout(300);
        await settled(page);
        const { violations } = await new AxeBuilder({ page }).analyze();
        expect(violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)])).toEqual([]);
        expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
      },
      { colorScheme, viewport: { width, height: 800 } },
    ),
  );

  it('keeps its state in the address, and goes back and forth', () =>
    opened.onPage('/lab/?attack=fgsm&epsilon=0.1&seed=4&digit=0', async (page) => {
      await settled(page);
      expect(await lab(page, 'attack').inputValue()).toBe('fgsm');
      expect(await page.locator('#lab-epsilon').inputValue()).toBe('0.1');
      expect(await page.locator('#lab-seed').inputValue()).toBe('4');
      await lab(page, 'model').selectOption(distilled);
      await page.getByRole('button', { name: 'More: ε (L∞)' }).click();
      expect(new URL(page.url()).search).toBe(`?digit=0&model=${distilled}&attack=fgsm&epsilon=0.11&seed=4`);
      await lab(page, 'attack').selectOption('pgd');
      await page.goBack();
      expect(await lab(page, 'attack').inputValue()).toBe('fgsm');
      expect(await page.locator('#lab-epsilon').inputValue()).toBe('0.11');
      await page.goForward();
      expect(await lab(page, 'attack').inputValue()).toBe('pgd');
      await page.reload();
      await settled(page);
      expect(await lab(page, 'attack').inputValue()).toBe('pgd');
      expect(await lab(page, 'model').inputValue()).toBe(distilled);
    }));

  it('says what an address asks for that is not there', () =>
    opened.onPage('/lab/?attack=magic&epsilon=0.2', async (page) => {
      await settled(page);
      expect(await lab(page, 'notices').innerText()).toContain('attack: ‘magic’');
      expect(await page.locator('#lab-epsilon').inputValue()).toBe('0.2');
    }));

  it('is used with the keyboard alone', () =>
    opened.onPage('/lab/', async (page) => {
      await settled(page);
      const focused = () => page.evaluate(() => (document.activeElement as HTMLInputElement | null)?.name ?? '');
      const tabTo = async (matches: () => Promise<boolean>) => {
        for (let i = 0; i < 40 && !(await matches()); i++) await page.keyboard.press('Tab');
        expect(await matches()).toBe(true);
      };
      const isFocused = (selector: string) => () =>
        page.evaluate((s) => document.activeElement?.matches(s) ?? false, selector);
      await tabTo(async () => (await focused()) === 'digit');
      await page.keyboard.press('ArrowRight');
      expect(new URL(page.url()).searchParams.has('digit')).toBe(true);
      await tabTo(isFocused('#lab-attack'));
      await page.keyboard.press('ArrowUp');
      await tabTo(isFocused('[data-lab="budget"] input[type="range"]'));
      for (let i = 0; i < 3; i++) await page.keyboard.press('ArrowLeft');
      await settled(page);
      expect(new URL(page.url()).searchParams.get('attack')).toBe('mi-fgsm');
      expect(new URL(page.url()).searchParams.get('epsilon')).toBe('0.27');
      await expect.poll(() => lab(page, 'live').innerText()).toMatch(/^(Broken|Held|Wrong already)\. /);
    }));

  it('cancels a run, and goes on with the next', () =>
    opened.onPage('/lab/?attack=pgd&epsilon=0.001&option.steps=10000&digit=0&target=3', async (page) => {
      await lab(page, 'progress-text').filter({ hasText: 'passes' }).waitFor();
      await page.keyboard.press('Escape');
      await expect.poll(() => lab(page, 'progress').getAttribute('data-state')).toBe('idle');
      expect(await lab(page, 'trouble-text').innerText()).toMatch(/^Cancelled/);
      await lab(page, 'attack').selectOption('fgsm');
      await settled(page);
    }));

  it('shows a mask for what it is: no gradient of the probabilities, and broken by the logits', () =>
    opened.onPage(`/lab/?backend=wasm&model=${distilled}&digit=0`, async (page) => {
      await settled(page);
      expect(await lab(page, 'verdict-word').innerText()).toBe('Held');
      expect(await lab(page, 'masked-text').innerText()).toMatch(/^100 % of the gradients were exactly zero/);
      await lab(page, 'unmask').click();
      await expect.poll(() => lab(page, 'verdict-word').innerText(), { timeout: 20_000 }).toBe('Broken');
      expect(new URL(page.url()).searchParams.get('option.loss')).toBe('margin');
    }));

  it('takes a digit that is drawn', () =>
    opened.onPage('/lab/', async (page) => {
      await settled(page);
      await page.locator('label:has([value="drawn"])').click();
      const box = await lab(page, 'pad-canvas').boundingBox();
      if (box === null) throw new Error('the pad is not there');
      await page.mouse.move(box.x + 80, box.y + 30);
      await page.mouse.down();
      await page.mouse.move(box.x + 84, box.y + 140, { steps: 5 });
      await page.mouse.up();
      await settled(page);
      const { searchParams } = new URL(page.url());
      expect(searchParams.get('digit')).toBe('drawn');
      expect(searchParams.get('drawing')).toMatch(/^[0-9a-o]+$/);
      const { x } = JSON.parse((await saved(page, 'save-json')).toString()) as { x: number[] };
      expect(x.filter((value) => value > 0.5).length).toBeGreaterThan(20);
    }));
});

describe('when something is missing', () => {
  const weights = '**/*.safetensors';

  it.each([
    [
      'the network',
      (page: Page) => page.route(weights, (route) => route.abort()),
      /could not be fetched\. You may be offline/,
    ],
    [
      'the file',
      (page: Page) => page.route(weights, (route) => route.fulfill({ status: 404, body: 'no' })),
      /the server answered 404/,
    ],
    [
      'a byte',
      (page: Page) =>
        page.route(weights, (route) =>
          route.fulfill({
            body: Buffer.from(site.weights['Undefended']?.map((b, i) => (i === 5000 ? b ^ 1 : b)) ?? []),
          }),
        ),
      /SHA-256 is not the published one/,
    ],
  ] as const)('says so, and tries again: %s', (_, damage, message) =>
    opened.onPage(
      '/lab/',
      async (page) => {
        await lab(page, 'trouble').waitFor();
        expect(await lab(page, 'trouble-text').innerText()).toMatch(message);
        await page.unroute(weights);
        await lab(page, 'retry').click();
        await settled(page);
        expect(await lab(page, 'trouble').isHidden()).toBe(true);
      },
      { before: async (page) => void (await damage(page)), expected: /Failed to load resource/ },
    ),
  );

  it('goes on with wasm when the graphics device is lost', () =>
    opened.onPage(
      '/lab/?backend=webgl&attack=fgsm',
      async (page) => {
        await settled(page);
        expect(await lab(page, 'backend').innerText()).toContain('WebGL');
        await page.workers()[0]?.evaluate(() => {
          const original = WebGL2RenderingContext.prototype.drawElements;
          WebGL2RenderingContext.prototype.drawElements = function (...given) {
            this.getExtension('WEBGL_lose_context')?.loseContext();
            original.apply(this, given);
          };
        });
        await lab(page, 'model').selectOption(distilled);
        await expect
          .poll(() => lab(page, 'notices').innerText(), { timeout: 20_000 })
          .toContain('goes on with WebAssembly');
        await settled(page);
        expect(await lab(page, 'backend').innerText()).toContain('WebAssembly');
      },
      { expected: /WebGL|context|lost/i },
    ));

  it('shows a figure and explains itself without JavaScript', () =>
    opened.onPage(
      '/lab/',
      async (page) => {
        expect(await page.locator('noscript').isVisible()).toBe(true);
        expect(await page.locator('noscript').innerText()).toContain('needs JavaScript');
        expect(await page.locator('.picture img').count()).toBe(3);
        expect(await lab(page, 'controls').isHidden()).toBe(true);
        expect(await lab(page, 'verdict-word').innerText()).toBe('Broken');
      },
      { javaScriptEnabled: false },
    ));
});
