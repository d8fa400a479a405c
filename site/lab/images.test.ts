/** The lab in a real browser: its images against those of Node, and what the browser is sent. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sha256 } from '#core/digest.ts';
import { decodeSafetensors } from '#core/models/safetensors.ts';
import { startBackend } from '../../runner/backends/index.ts';
import { saved, settled } from '../testing/lab-page.ts';
import { buildLabSite, type LabSite } from '../testing/lab-site.ts';
import { type Opened, openSite } from '../testing/open-site.ts';
import { PIXELS, SIDE } from './catalogue.ts';
import type { AttackReply, AttackRequest, BackendChoice, BackendReport, FromWorker, ToWorker } from './protocol.ts';
import { createSession, type Session } from './session.ts';

const distilled = 'Papernot2016Distillation';
const IMAGES = 100;

let site: LabSite;
let opened: Opened;
let node: Session;

beforeAll(async () => {
  [site] = await Promise.all([buildLabSite(['Undefended', distilled]), startBackend('wasm')]);
  opened = await openSite(site.built);
  node = createSession({
    report: { name: 'wasm', device: '', precision: 'float32', passedOver: [] },
    isLost: () => false,
  });
  for (const id of ['Undefended', distilled]) {
    await node.load(id, { architecture: 'papernot-mnist', weights: site.weights[id] as Uint8Array });
  }
});
afterAll(() => opened?.close());

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
    opened.onPage('/404.html', async (page) => {
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
      await opened.onPage(`/lab/?backend=wasm&model=${distilled}&seed=5&${query}`, async (page) => {
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
    const context = await opened.browser.newContext({ baseURL: opened.url });
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
    opened.onPage('/404.html', async (page) => {
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
