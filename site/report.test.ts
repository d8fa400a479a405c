/** The report that `evaluate --report` writes, in a real browser. It is no page of the site, but browsers are started here. */
import { AxeBuilder } from '@axe-core/playwright';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Result } from '#core/result.ts';
import { reportPage } from '../runner/cli/report/page.ts';
import { pngOf } from '../runner/files/png.ts';
import { launchBrowser } from './testing/browser.ts';

const zero = '0'.repeat(64);
const share = (value: number) => ({ value, low: Math.max(0, value - 0.05), high: Math.min(1, value + 0.05) });

/** A report with everything that one may have. */
function page(): string {
  const attack = (id: string): Result['attacks'][number] => ({
    id: `${id}-of-a-long-name`,
    attack: id,
    options: {},
    targets: 'untargeted',
    attempted: 100,
    robustAccuracy: share(0.5),
    successRate: share(0.4),
    norm: 'Linf',
    medianDistance: 0.0157,
    pairs: null,
    seconds: 4000,
    forwardCalls: 123_456,
    gradientCalls: 123_456,
  });
  const flag = (id: string, level: 'info' | 'warning' | 'failure') => ({ id, level, message: `Of ${id}`, value: 1 });
  const result: Result = {
    schemaVersion: 1,
    digest: zero,
    submission: { id: 'net', digest: zero },
    model: { file: 'a-model-of-a-very-long-name-without-a-place-to-break-it.onnx', sha256: zero, notes: ['a note'] },
    track: 'photos-linf-0.0157',
    threat: { norm: 'Linf', epsilon: 4 / 255 },
    suite: { id: 'v1', digest: zero },
    backend: { name: 'wasm', device: 'cpu', versions: {}, precision: 'float32', denormals: 'kept', threads: 1 },
    code: { commit: zero.slice(0, 40), lockfileDigest: zero },
    dataset: { id: 'photos', split: 'own', digest: zero, notes: ['pictures were scaled'] },
    seed: 0,
    examples: 100,
    cleanAccuracy: share(0.9),
    robustAccuracy: share(0.5),
    certifiedAccuracy: null,
    attacks: ['pgd', 'fmn'].map(attack),
    pairs: null,
    curve: [0, 0.005, 0.01, 4 / 255].map((epsilon, i) => ({ epsilon, robustAccuracy: 0.9 - i / 10 })),
    flags: [flag('zero-gradients', 'warning'), flag('non-finite', 'failure'), flag('partial', 'info')],
    evidence: { file: 'net.examples.safetensors', digest: zero, verified: 0, backend: 'cpu' },
    run: { date: '2026-01-01T00:00:00Z', seconds: 1, host: 'linux', peakMemoryBytes: 2e9 },
  };
  const png = pngOf(
    Float32Array.from({ length: 12 }, (_, i) => i / 12),
    [2, 2, 3],
  );
  const pair = { y: 0, predicted: 1, distance: 4 / 255, clean: png, adversarial: png, change: png, enlarged: 31.9 };
  return reportPage({
    result,
    flagTexts: new Map([['zero-gradients', { means: 'it was *blind*', whatToDo: 'Use `margin`.' }]]),
    classNames: ['warm-striped-triangle', 'cold-dotted-square'],
    pairs: [4, 7].map((example) => ({ ...pair, example })),
    shape: [224, 224, 3],
    command: `npm run -s parapet -- evaluate ${'a/long/path/'.repeat(20)}model.onnx`,
  });
}

let browser: Browser;

beforeAll(async () => {
  browser = await launchBrowser();
}, 60_000);
afterAll(() => browser?.close());

describe.each([
  ['in light', 1280, 'light'],
  ['in dark', 1280, 'dark'],
  ['on a narrow screen', 320, 'light'],
  ['on a narrow screen in dark', 320, 'dark'],
] as const)('the report %s', (_, width, colorScheme) => {
  it('meets no barrier that axe knows, and scrolls tables, never the page', { timeout: 60_000 }, async () => {
    const context = await browser.newContext({ viewport: { width, height: 800 }, colorScheme });
    try {
      const tab = await context.newPage();
      await tab.setContent(page());
      const { violations } = await new AxeBuilder({ page: tab })
        .withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'])
        .analyze();
      expect(violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html.slice(0, 160)}`))).toEqual(
        [],
      );
      expect(await tab.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBe(0);
    } finally {
      await context.close();
    }
  });
});
