/** The lab in a real browser: its images against those of Node, its page for every kind of visitor. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AxeBuilder } from '@axe-core/playwright';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sha256 } from '#core/digest.ts';
import { decodeSafetensors } from '#core/models/safetensors.ts';
import { startBackend } from '../../runner/backends/index.ts';
import { launchBrowser } from '../testing/browser.ts';
import { buildLabSite, type LabSite } from '../testing/lab-site.ts';
import { type Served, serve } from '../testing/serve.ts';
import { PIXELS, SIDE } from './catalogue.ts';
import type { AttackReply, AttackRequest, BackendChoice, BackendReport, FromWorker, ToWorker } from './protocol.ts';
import { createSession, type Session } from './session.ts';

const distilled = 'Papernot2016Distillation';
const IMAGES = 100;

let site: LabSite;
let served: Served;
let browser: Browser;
let node: Session;

beforeAll(async () => {
  [site, browser] = await Promise.all([buildLabSite(['Undefended', distilled]), launchBrowser(), startBackend('wasm')]);
  if (site.built.code !== 0) throw new Error(site.built.log);
  served = await serve(site.built.dist);
  node = createSession({
    report: { name: 'wasm', device: '', precision: 'float32', passedOver: [] },
    isLost: () => false,
  });
  for (const id of ['Undefended', distilled]) {
    await node.load(id, { architecture: 'papernot-mnist', weights: site.weights[id] as Uint8Array });
  }
});
afterAll(async () => {
  await Promise.all([browser?.close(), served?.close()]);
  await site?.built.remove();
});

/** A page that fails the test if the browser complains of anything but what is `expected`. */
async function onPage(
  path: string,
  step: (page: Page) => Promise<void>,
  options: BrowserContextOptions & { expected?: RegExp; before?: (page: Page) => Promise<void> } = {},
): Promise<void> {
  const { expected, before, ...context } = options;
  const opened = await browser.newContext({ baseURL: served.url, viewport: { width: 1280, height: 900 }, ...context });
  const complaints: string[] = [];
  const page = await opened.newPage();
  page.setDefaultTimeout(30_000);
  const complain = (text: string) => expected?.test(text) || complaints.push(text);
  page.on('console', (message) => message.type() === 'error' && complain(message.text()));
  page.on('pageerror', (error) => complain(error.message));
  await before?.(page);
  await page.goto(path);
  await step(page);
  await opened.close();
  expect(complaints).toEqual([]);
}

const lab = (page: Page, name: string) => page.locator(`[data-lab="${name}"]`);

/** Waits until nothing is computed any more and something has been. */
async function settled(page: Page): Promise<void> {
  await page.waitForFunction(
    () =>
      document.querySelector('[data-lab="stage"]:not([data-stale])') !== null &&
      !document.querySelector<HTMLButtonElement>('[data-lab="save-json"]')?.disabled,
  );
}

/** What the page offers to be saved. */
async function saved(page: Page, button: 'save-json' | 'save-safetensors'): Promise<Buffer> {
  const [download] = await Promise.all([page.waitForEvent('download'), lab(page, button).click()]);
  return readFile(await download.path());
}

/** The stored digits, each at five places: as many images as the comparison needs, without a data set. */
async function images(): Promise<{ x: Float32Array; examples: Int32Array }> {
  const { tensors } = decodeSafetensors(await readFile('site/lab/digits.safetensors'));
  const stored = tensors.get('images')?.data as Uint8Array;
  const shifts = [0, 1, -1, SIDE, -SIDE];
  const x = new Float32Array(IMAGES * PIXELS);
  for (let i = 0; i < x.length; i++) {
    const image = Math.floor(i / PIXELS);
    const from = (i % PIXELS) + (shifts[Math.floor(image / 20)] as number);
    x[i] = from < 0 || from >= PIXELS ? 0 : (stored[(image % 20) * PIXELS + from] as number) / 255;
  }
  return { x, examples: Int32Array.from({ length: IMAGES }, (_, i) => i) };
}

/** A worker of the page's own program, driven by its messages. */
async function worker(page: Page) {
  const [spawned] = await Promise.all([page.waitForEvent('worker'), page.goto('/lab/?backend=wasm')]);
  await page.evaluate((address) => {
    const program = new Worker(address, { type: 'module' });
    let id = 0;
    Object.assign(globalThis, {
      ask: (message: object) =>
        new Promise((resolve, reject) => {
          id++;
          const mine = id;
          program.addEventListener('message', function hear({ data }: MessageEvent<FromWorker>) {
            if (!('id' in data) || data.id !== mine || data.type === 'progress') return;
            program.removeEventListener('message', hear);
            if (data.type === 'done') resolve(data.value);
            else reject(new Error(data.message));
          });
          program.postMessage({ ...message, id: mine });
        }),
    });
  }, spawned.url());
  const ask = <T>(message: Omit<ToWorker, 'id'>): Promise<T> =>
    page.evaluate((given) => (globalThis as unknown as { ask(m: object): Promise<T> }).ask(given), message);
  return {
    start: (backend: BackendChoice) => ask<BackendReport>({ type: 'start', backend } as never),
    async load() {
      const path = `/lab/weights/${distilled}/weights.safetensors`;
      await page.evaluate(async (address) => {
        const weights = new Uint8Array(await (await fetch(address)).arrayBuffer());
        const sent = { architecture: 'papernot-mnist', weights };
        const message = { type: 'load', model: 'Papernot2016Distillation', sent };
        await (globalThis as unknown as { ask(m: object): Promise<unknown> }).ask(message);
      }, path);
    },
    attack: (request: AttackRequest) => ask<AttackReply>({ type: 'attack', request } as never),
  };
}

const request = async (over: Partial<AttackRequest>): Promise<AttackRequest> => ({
  ...{ model: distilled, attack: 'pgd', options: { steps: 3, loss: 'margin' }, norm: 'Linf', epsilon: 0.1, seed: 7 },
  ...{ y: new Int32Array(IMAGES).fill(-1), target: null, ...(await images()) },
  ...over,
});

const worst = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  Array.from(a).reduce((most, value, i) => Math.max(most, Math.abs(value - (b[i] as number))), 0);

describe('the images', () => {
  it(`are those of Node, with wasm in both: ${distilled}, by the worker, 100 images`, () =>
    onPage('/404.html', async (page) => {
      const there = await worker(page);
      expect((await there.start('wasm')).name).toBe('wasm');
      await there.load();
      const asked = await request({});
      const [ours, theirs] = [await node.attack(asked, () => {}), await there.attack(asked)];
      expect(Object.keys(theirs.xAdv)).toHaveLength(IMAGES * PIXELS);
      expect(worst(Object.values(theirs.xAdv), ours.xAdv)).toBeLessThanOrEqual(1e-5);
      expect(Object.values(theirs.success)).toEqual([...ours.success]);
      expect(theirs.gradientCalls).toBe(ours.gradientCalls);
      expect(worst(ours.xAdv, asked.x)).toBeGreaterThan(0.05);
    }));

  it(`are those of Node, with wasm in both: ${distilled}, by the page, PGD, JSMA and transfer`, async () => {
    for (const query of [
      'attack=pgd&epsilon=0.2&digit=3&target=6&option.loss=margin',
      'attack=jsma&epsilon=20&digit=0&target=3',
      'attack=transfer&epsilon=0.3&digit=3',
    ]) {
      await onPage(`/lab/?backend=wasm&model=${distilled}&seed=5&${query}`, async (page) => {
        await settled(page);
        const { x, xAdv, ...facts } = JSON.parse((await saved(page, 'save-json')).toString());
        expect(facts.model).toEqual({ id: distilled, sha256: sha256(site.weights[distilled] as Uint8Array) });
        const surrogates = (facts.surrogates ?? []).map(({ id }: { id: string }) => id);
        expect(surrogates).toEqual(facts.attack.id === 'transfer' ? ['Undefended'] : []);
        const target = facts.attack.target === null ? null : Int32Array.of(facts.attack.target);
        const ours = await node.attack(
          {
            surrogates,
            ...{ model: distilled, attack: facts.attack.id, options: facts.attack.options, norm: facts.norm },
            ...{
              epsilon: facts.epsilon,
              seed: facts.seed,
              x: Float32Array.from(x),
              y: Int32Array.of(facts.label),
              target,
            },
            examples: Int32Array.of(Number(facts.image.replace('mnist test ', ''))),
          },
          () => {},
        );
        expect(worst(xAdv, ours.xAdv)).toBeLessThanOrEqual(1e-5);
        expect(facts.success).toBe(ours.success[0] === 1);
        const { tensors } = decodeSafetensors(await saved(page, 'save-safetensors'));
        expect([...(tensors.get('xAdv')?.data ?? [])]).toEqual(xAdv);
      });
    }
  });

  it.for([
    ['webgl', IMAGES],
    ['webgpu', 20],
  ] as const)('lead to the verdicts of Node: %s, %i images', async ([backend, count], { skip }) => {
    const context = await browser.newContext({ baseURL: served.url });
    const page = await context.newPage();
    const there = await worker(page);
    const report = await there.start(backend);
    // Chromium brings both in software; another browser that PARAPET_CHROMIUM names may not.
    if (process.env['PARAPET_NO_SKIP'] !== '1') skip(report.name !== backend, report.passedOver.join('; '));
    expect(report).toMatchObject({ name: backend, precision: 'float32' });
    await there.load();
    // One gradient an image: here a graphics card is played by the processor.
    const { x, y, examples } = await request({});
    const asked = await request({
      ...{ attack: 'fgsm', options: { loss: 'margin' } },
      ...{ x: x.slice(0, count * PIXELS), y: y.slice(0, count), examples: examples.slice(0, count) },
    });
    const [ours, theirs] = [await node.attack(asked, () => {}), await there.attack(asked)];
    const equal = Object.values(theirs.success).filter((value, i) => value === ours.success[i]).length;
    expect(equal).toBeGreaterThanOrEqual(0.99 * count);
    await context.close();
  });

  it('leave nothing behind in 100 runs', () =>
    onPage('/404.html', async (page) => {
      const there = await worker(page);
      await there.start('wasm');
      await there.load();
      const { x } = await images();
      const one = await request({
        ...{ attack: 'fgsm', options: {}, x: x.slice(0, PIXELS) },
        ...{ y: Int32Array.of(-1), examples: Int32Array.of(0) },
      });
      const first = await there.attack(one);
      const counts = await page.evaluate(async (request) => {
        const { ask } = globalThis as unknown as { ask(message: object): Promise<{ tensors: number }> };
        const all: number[] = [];
        for (let run = 0; run < 100; run++) all.push((await ask({ type: 'attack', request })).tensors);
        return all;
      }, one);
      expect(new Set(counts)).toEqual(new Set([first.tensors]));
      await expect(there.attack({ ...one, options: { steps: -1 } })).rejects.toThrow('steps');
      expect((await there.attack(one)).tensors).toBe(first.tensors);
    }));
});

describe('what is sent', () => {
  /** The scripts of the built site whose name begins so. */
  async function scripts(start: string): Promise<string[]> {
    const folder = join(site.built.dist, '_astro');
    const names = (await readdir(folder)).filter((name) => name.startsWith(start) && name.endsWith('.js'));
    return Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')));
  }

  it('is the engine of tfjs to the worker, without layers, converters and backends that are not used', async () => {
    const [program = ''] = await scripts('program');
    expect(program.includes('Conv2DBackpropInput')).toBe(true);
    // A text that each of them holds: layers, converter, the WebGL backend, the WebGPU backend.
    for (const trace of ['tfjs-layers', 'TFHub', 'WEBGL_RENDER_FLOAT32_ENABLED', 'WebGPU']) {
      expect([trace, program.includes(trace)]).toEqual([trace, false]);
    }
    expect(program.length).toBeLessThan(1_000_000);
  });

  it('is no tfjs to the page itself', async () => {
    const html = await readFile(join(site.built.dist, 'lab', 'index.html'), 'utf8');
    const names = [...html.matchAll(/<script\b[^>]*\ssrc="[^"]*?([^"/]+\.js)"/g)].map(([, name = '']) => name);
    const page = (await Promise.all(names.map((name) => scripts(name)))).flat();
    expect(page.length).toBeGreaterThan(0);
    for (const code of page) expect(code.includes('Conv2D')).toBe(false);
    expect(page.join('').length).toBeLessThan(200_000);
  });
});

describe('the page', () => {
  it.each([
    ['light', 1280],
    ['dark', 1280],
    ['light', 320],
    ['dark', 320],
  ] as const)('has nothing that axe finds: %s, %i wide', (colorScheme, width) =>
    onPage(
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
    onPage('/lab/?attack=fgsm&epsilon=0.1&seed=4&digit=0', async (page) => {
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
    onPage('/lab/?attack=magic&epsilon=0.2', async (page) => {
      await settled(page);
      expect(await lab(page, 'notices').innerText()).toContain('attack: ‘magic’');
      expect(await page.locator('#lab-epsilon').inputValue()).toBe('0.2');
    }));

  it('is used with the keyboard alone', () =>
    onPage('/lab/', async (page) => {
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
    onPage('/lab/?attack=pgd&epsilon=0.001&option.steps=10000&digit=0&target=3', async (page) => {
      await lab(page, 'progress-text').filter({ hasText: 'passes' }).waitFor();
      await page.keyboard.press('Escape');
      await expect.poll(() => lab(page, 'progress').getAttribute('data-state')).toBe('idle');
      expect(await lab(page, 'trouble-text').innerText()).toMatch(/^Cancelled/);
      await lab(page, 'attack').selectOption('fgsm');
      await settled(page);
    }));

  it('shows a mask for what it is: no gradient of the probabilities, and broken by the logits', () =>
    onPage(`/lab/?backend=wasm&model=${distilled}&digit=0`, async (page) => {
      await settled(page);
      expect(await lab(page, 'verdict-word').innerText()).toBe('Held');
      expect(await lab(page, 'masked-text').innerText()).toMatch(/^100 % of the gradients were exactly zero/);
      await lab(page, 'unmask').click();
      await expect.poll(() => lab(page, 'verdict-word').innerText(), { timeout: 20_000 }).toBe('Broken');
      expect(new URL(page.url()).searchParams.get('option.loss')).toBe('margin');
    }));

  it('takes a digit that is drawn', () =>
    onPage('/lab/', async (page) => {
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
    onPage(
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
    onPage(
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
    onPage(
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
