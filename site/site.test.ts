import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AxeBuilder } from '@axe-core/playwright';
import type { BrowserContextOptions, Page as BrowserPage } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Built, buildSite } from './testing/build.ts';
import { attributeValues, brokenLinks, type Page, pagesOf, scriptsOf } from './testing/html.ts';
import { type Opened, openSite } from './testing/open-site.ts';
import { hostileName, longName, sampleBoard } from './testing/sample.ts';

const board = '/mnist-linf-0.3/';
const visited = [
  '/',
  board,
  `${board}Long2020Name/`,
  `${board}Madry2018Adversarial/`,
  `${board}Withdrawn2023Defense/`,
  `${board}Hostile2021Markup/`,
  '/mnist-l2-2/',
  '/mnist-l2-2/Madry2018Adversarial/',
  '/mnist-l0-112/Undefended/',
  '/protocols/papernot2016/',
  '/claims/',
  '/claims/goodfellow2015/',
  '/claims/nguyen2015/',
  '/claims/papernot2016transferability/',
  '/attacks/',
  '/about/',
  '/submit/',
  '/404.html',
];

/** Outcomes of experiments, as they are published: a page with a chart and pictures, and one with a matrix. */
const outcomes = ['claims/nguyen2015/fooling.safetensors', 'claims/papernot2016transferability/matrix.safetensors'];

// A minute where nothing else runs; a machine that is busy with other work takes longer.
vi.setConfig({ testTimeout: 600_000, hookTimeout: 600_000 });

let built: Built;
let pages: Page[];
let opened: Opened;

beforeAll(async () => {
  const { submissions, results, externals } = sampleBoard();
  const read = outcomes.map(async (path) => [`results/${path}`, await readFile(join('results', path))] as const);
  const files = Object.fromEntries(await Promise.all(read));
  built = await buildSite(submissions, results, { externals, files });
  opened = await openSite(built);
  pages = await pagesOf(built.dist);
});
afterAll(() => opened?.close());

const header = (page: BrowserPage, name: string) => page.locator('[data-board]').getByRole('columnheader', { name });
const firstNames = (page: BrowserPage) => page.locator('[data-board] tbody tr:visible th a.name').allInnerTexts();

describe('every page', () => {
  it('has a title, a language, one main heading, and no name twice', () => {
    expect(pages.length).toBeGreaterThan(15);
    for (const page of pages) {
      expect.soft(page.html, page.path).toMatch(/<html lang="en"/);
      expect.soft(page.html.match(/<title>[^<]+<\/title>/g)?.length, page.path).toBeGreaterThanOrEqual(1);
      expect.soft(page.html.match(/<h1[\s>]/g), page.path).toHaveLength(1);
      const ids = attributeValues(page, 'id');
      expect.soft(ids.length, page.path).toBe(new Set(ids).size);
    }
  });

  it('shows no broken number', () => {
    for (const { path, text } of pages) expect.soft(text, path).not.toMatch(/NaN|undefined|\[object|Infinity|\bnull\b/);
  });

  it('links only to what there is', () => {
    for (const page of pages) expect.soft(brokenLinks(page, built.dist, '/'), page.path).toEqual([]);
  });

  it('holds no inline code or style, and a policy that forbids them', () => {
    for (const page of pages) {
      expect.soft(page.html, page.path).toContain('http-equiv="Content-Security-Policy"');
      // Inside quotes anything may stand.
      const tags = page.html.replace(/="[^"]*"/g, '=""');
      expect.soft(tags, page.path).not.toMatch(/<script(?![^>]*\ssrc=)|<style|<[^>]*\s(style|on\w+)=/);
    }
  });

  it('sends no byte of tfjs outside the lab, and little of anything', async () => {
    for (const page of pages) {
      const scripts = await scriptsOf(page, built.dist, '/');
      expect.soft(scripts.length, page.path).toBeGreaterThan(0);
      for (const code of scripts) expect.soft(code, page.path).not.toMatch(/tfjs|tensorflow|registerKernel|webgl/i);
      expect.soft(scripts.join('').length, page.path).toBeLessThan(20_000);
    }
  });
});

describe('the data', () => {
  it('are the published files, byte for byte, and an index of them', async () => {
    const name = 'v1/mnist-linf-0.3/Undefended';
    for (const ending of ['json', 'examples.safetensors']) {
      const published = await readFile(join(built.dist, 'api/v1/results', `${name}.${ending}`));
      expect(published.equals(await readFile(join(built.data, 'results', `${name}.${ending}`)))).toBe(true);
    }
    const index = JSON.parse(await readFile(join(built.dist, 'api/v1/index.json'), 'utf8'));
    expect(index.schemaVersion).toBe(1);
    expect(index.results.map(({ path }: { path: string }) => path)).toContain(name);
  });
});

describe('a board', () => {
  it('reads complete without JavaScript', () =>
    opened.onPage(
      board,
      async (page) => {
        expect(await firstNames(page)).toHaveLength(7);
        // One for each robust accuracy, and one for what is certified of one row.
        expect(await page.locator('[data-board] .mark-value').count()).toBe(7 + 1);
        expect(await page.locator('[data-board] .bound .mark-value').count()).toBe(1);
        expect(
          await page
            .locator('[data-filters], [data-theme-toggle]')
            .evaluateAll((all) => all.every((e) => e.hasAttribute('hidden'))),
        ).toBe(true);
        expect(await header(page, 'Robust accuracy').getAttribute('aria-sort')).toBe('descending');
      },
      { javaScriptEnabled: false },
    ));

  it('sorts by keyboard, says so, and keeps it in the address', () =>
    opened.onPage(board, async (page) => {
      const before = await firstNames(page);
      const defense = header(page, 'Defense');
      await defense.getByRole('button').focus();
      await page.keyboard.press('Enter');
      expect(await defense.getAttribute('aria-sort')).toBe('ascending');
      expect(await page.locator('th[aria-sort]').count()).toBe(1);
      const sorted = await firstNames(page);
      // What was withdrawn stands last, however the rest is sorted.
      const byName = before.slice(0, -1).toSorted((a, b) => a.localeCompare(b, 'en'));
      expect(sorted).toEqual([...byName, before.at(-1)]);
      expect(new URL(page.url()).search).toBe('?sort=name.asc');
      await page.reload();
      expect(await firstNames(page)).toEqual(sorted);
      await defense.getByRole('button').focus();
      await page.keyboard.press('Space');
      expect(await firstNames(page)).toEqual([...byName.toReversed(), before.at(-1)]);
    }));

  it('filters, says how many are left, and keeps it in the address', () =>
    opened.onPage(board, async (page) => {
      await page.getByLabel('Find').fill('distillation');
      expect(await firstNames(page)).toEqual(['Defensive distillation, T = 100']);
      expect(await page.locator('[data-count]').innerText()).toBe('1 of 7 rows');
      expect(new URL(page.url()).search).toBe('?q=distillation');
      await page.getByRole('button', { name: 'Show all' }).click();
      await page.getByLabel('Without warnings or failures').check();
      expect(await firstNames(page)).toHaveLength(5);
      await page.reload();
      expect(await page.getByLabel('Without warnings or failures').isChecked()).toBe(true);
      expect(await firstNames(page)).toHaveLength(5);
    }));

  it('shows ties as ties, long names whole and hostile ones as they are', () =>
    opened.onPage(board, async (page) => {
      expect(await page.locator('[data-board] td.rank').allInnerTexts()).toEqual([
        '1–2',
        '1–2',
        '3–4',
        '3–4',
        '5',
        '6',
        'none',
      ]);
      const names = await firstNames(page);
      expect(names).toContain(hostileName);
      expect(names).toContain(longName);
      await page.getByRole('link', { name: hostileName }).first().click();
      expect(await page.getByRole('heading', { level: 1 }).innerText()).toBe(hostileName);
      expect(await page.locator('img[src="x"], script:not([src])').count()).toBe(0);
    }));
});

describe('a row', () => {
  it('says when its submission was edited since, and only then', () => {
    const edited = pages.filter(({ text }) => text.includes('edited after this run')).map(({ path }) => path);
    expect(edited).toEqual(['mnist-l2-2/Madry2018Adversarial/index.html']);
  });
});

describe('a claim', () => {
  it('stands beside what its outcomes give, with a chart, its table, and pictures that say what they show', () =>
    opened.onPage('/claims/nguyen2015/', async (page) => {
      expect(await page.locator('table .verdict', { hasText: /^\s*reproduced$/ }).count()).toBe(3);
      expect(await page.locator('svg.line-chart .series').count()).toBe(3);
      expect(await page.locator('details table tbody tr').count()).toBeGreaterThan(50);
      const texts = await page.locator('main img').evaluateAll((all) => all.map((image) => image.getAttribute('alt')));
      expect(texts).toHaveLength(30);
      for (const text of texts) expect(text).toMatch(/takes this for a \d, with [\d.]+ % confidence/);
    }));

  it('puts figures in rows and columns, ours with theirs in parentheses, and lists them with intervals', () =>
    opened.onPage('/claims/papernot2016transferability/', async (page) => {
      const matrix = page.locator('figure > .scroll table');
      expect(await matrix.locator('tbody tr').count()).toBe(5);
      const cells = await matrix.locator('tbody td').allInnerTexts();
      expect(cells).toHaveLength(30);
      for (const cell of cells) expect(cell.trim()).toMatch(/^[\d.]+ \([\d.]+\)\s+(reproduced|partly|not reproduced)$/);
      expect(await page.locator('figure details tbody tr').count()).toBe(30);
    }));

  it('is not measured where there are no outcomes', () => {
    const page = pages.find(({ path }) => path === 'claims/goodfellow2015/index.html');
    expect(page?.text).toContain('not measured');
    expect(page?.text).not.toContain('not reproduced');
  });
});

describe('a visitor', () => {
  it('chooses a theme, which stays', () =>
    opened.onPage(
      '/',
      async (page) => {
        const ground = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
        const light = await ground();
        await page.getByRole('button', { name: 'Dark theme' }).click();
        const dark = await ground();
        expect(dark).not.toBe(light);
        await page.goto('/about/');
        expect(await ground()).toBe(dark);
        await page.emulateMedia({ media: 'print' });
        expect(await page.locator('nav').first().isVisible()).toBe(false);
      },
      { colorScheme: 'light' },
    ));

  it('on a narrow screen scrolls tables, never the page', () =>
    opened.onPage(
      '/',
      async (page) => {
        for (const path of visited) {
          await page.goto(path);
          const { beyond, locked } = await page.evaluate(() => ({
            beyond: document.documentElement.scrollWidth - innerWidth,
            locked: [...document.querySelectorAll('.scroll, pre')].filter(
              (e) => e.scrollWidth > e.clientWidth && e.getAttribute('tabindex') !== '0',
            ).length,
          }));
          expect.soft({ path, beyond, locked }).toEqual({ path, beyond: 0, locked: 0 });
        }
      },
      { viewport: { width: 320, height: 700 } },
    ));

  it.each<[string, BrowserContextOptions]>([
    ['in light', { colorScheme: 'light' }],
    ['in dark', { colorScheme: 'dark' }],
    ['on a narrow screen', { viewport: { width: 320, height: 700 } }],
  ])('meets no barrier that axe knows, %s', (_, options) =>
    opened.onPage(
      '/',
      async (page) => {
        for (const path of visited) {
          await page.goto(path);
          const { violations } = await new AxeBuilder({ page })
            .withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'])
            .analyze();
          const found = violations.flatMap(({ id, nodes }) =>
            nodes.map(({ html }) => `${path} ${id}: ${html.slice(0, 160)}`),
          );
          expect.soft(found).toEqual([]);
        }
      },
      { reducedMotion: 'reduce', ...options },
    ),
  );
});

describe('a site', () => {
  it('builds without results, below a base, and stops at a result that was altered', async () => {
    const { submissions, results } = sampleBoard();
    const empty = await buildSite([], [], { base: '/parapet' });
    expect(empty.log, empty.log).toContain('Complete!');
    for (const page of await pagesOf(empty.dist)) {
      expect.soft(page.text, page.path).not.toMatch(/NaN|undefined|\[object/);
      expect.soft(brokenLinks(page, empty.dist, '/parapet/'), page.path).toEqual([]);
    }
    await empty.remove();

    const [result] = results;
    const altered = { ...result, seed: 1 } as (typeof results)[number];
    const refused = await buildSite(submissions, [altered]);
    expect(refused.code).not.toBe(0);
    expect(refused.log).toContain('results/v1/mnist-linf-0.3/Undefended.json: digest: ');
    await refused.remove();
  });
});
