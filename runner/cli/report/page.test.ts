import { describe, expect, it } from 'vitest';
import type { Result } from '#core/result.ts';
import { advice } from './advice.ts';
import { fromMarkdown } from './html.ts';
import { type ReportData, reportPage } from './page.ts';

const zero = '0'.repeat(64);
const share = (value: number) => ({ value, low: Math.max(0, value - 0.05), high: Math.min(1, value + 0.05) });
const hostile = `"><img src=x onerror=alert(1)>\u202e</script>`;

function dataOf(changes: Partial<Result> = {}, more: Partial<ReportData> = {}): ReportData {
  const result: Result = {
    schemaVersion: 1,
    digest: zero,
    submission: { id: 'net', digest: zero },
    model: { file: hostile, sha256: zero, notes: [hostile] },
    track: 'photos-linf-0.1',
    threat: { norm: 'Linf', epsilon: 0.1 },
    suite: { id: 'quick', digest: zero },
    backend: { name: 'wasm', device: hostile, versions: {}, precision: 'float32', denormals: 'kept', threads: 1 },
    code: { commit: 'unknown', lockfileDigest: zero },
    dataset: { id: 'photos', split: 'own', digest: zero, notes: [hostile] },
    seed: 0,
    examples: 20,
    cleanAccuracy: share(0.9),
    robustAccuracy: share(0.5),
    certifiedAccuracy: null,
    attacks: [],
    pairs: null,
    curve: [],
    flags: [],
    evidence: { file: 'net.examples.safetensors', digest: zero, verified: 0, backend: 'cpu' },
    run: { date: '2026-01-01T00:00:00Z', seconds: 1, host: hostile, peakMemoryBytes: 1 },
    ...changes,
  };
  const png = Uint8Array.of(1, 2, 3);
  const pair = {
    example: 4,
    y: 1,
    predicted: 0,
    distance: 0.1,
    clean: png,
    adversarial: png,
    change: png,
    enlarged: 5,
  };
  return {
    result,
    flagTexts: new Map([['zero-gradients', { means: 'it was *blind*', whatToDo: 'Use `margin`.' }]]),
    classNames: ['cat', hostile],
    pairs: [pair],
    shape: [28, 28, 1],
    command: `evaluate ${hostile}`,
    ...more,
  };
}

describe('the report', () => {
  it('lets no name become a tag, runs no script and loads nothing', () => {
    const page = reportPage(dataOf());
    expect(page).not.toMatch(/<img src=x|<script|\u202e|onerror=alert\(1\)>/);
    expect(page).toContain(`content="default-src 'none'; img-src data:; style-src 'unsafe-inline'"`);
    expect(page.match(/src="(?!data:image\/png;base64,)/g)).toBeNull();
  });

  it('says in its first sentence how many are right before and after', () => {
    expect(reportPage(dataOf())).toMatch(/Of 20 images .*<strong>18<\/strong> right.*<strong>10<\/strong> right/);
  });

  it('explains each warning sign, and says when there is none', () => {
    const flag = { id: 'zero-gradients', level: 'warning', message: 'All are zero', value: 1 } as const;
    const page = reportPage(dataOf({ flags: [flag] }));
    expect(page).toMatch(/warning: All are zero<\/h3><p>It means: .*<p>What to do: Use <code>margin<\/code>\./);
    expect(reportPage(dataOf())).toContain('None was found in this run.');
  });

  it('has a text alternative for each image, and numbers where classes have no names', () => {
    const page = reportPage(dataOf({}, { classNames: null }));
    expect(page).toContain('alt="Image 4 as it is: class 1, which the model says too"');
    expect(page).toContain('alt="Image 4 after the attack, changed by 0.1 in L∞; the model says class 0"');
    expect(page).toContain('the change × 5');
    expect(reportPage(dataOf({}, { shape: [28, 28, 2] }))).not.toContain('<img');
    expect(reportPage(dataOf({}, { pairs: [] }))).toContain('No image was broken within the limit.');
  });

  it('draws other radii only where an attack looked for the nearest image', () => {
    const curve = [0, 0.05, 0.1].map((epsilon, i) => ({ epsilon, robustAccuracy: 0.9 - 0.2 * i }));
    const attack = {
      id: 'a',
      options: {},
      targets: 'untargeted',
      attempted: 20,
      robustAccuracy: share(0.5),
      successRate: share(0.4),
      norm: 'Linf',
      medianDistance: null,
      pairs: null,
      seconds: 1,
      forwardCalls: 1,
      gradientCalls: 1,
    } as const;
    expect(reportPage(dataOf({ curve, attacks: [{ ...attack, attack: 'pgd' }] }))).not.toContain('<svg');
    const page = reportPage(dataOf({ curve, attacks: [{ ...attack, attack: 'fmn' }] }));
    expect(page).toMatch(/<svg [\s\S]*Robust accuracy by radius[\s\S]*<td class="number">70\.0 %<\/td>/);
  });
});

describe('the advice', () => {
  const of = (changes: Partial<Result>) => advice(dataOf(changes).result).join('\n');

  it('names the absence of a defense, and does not take quick for a proof', () => {
    expect(of({ robustAccuracy: share(0) })).toMatch(/no defense to speak of/);
    expect(of({ robustAccuracy: share(0.5) })).toMatch(/--suite v1/);
    expect(of({ robustAccuracy: share(0.5), suite: { id: 'v1', digest: zero } })).not.toMatch(/--suite v1/);
  });

  it('sends whoever has a low clean accuracy to the pixels first', () => {
    const flag = { id: 'low-clean-accuracy', level: 'warning', message: '', value: 0 } as const;
    expect(of({ flags: [flag] })).toMatch(/^\*\*First look at the clean accuracy/);
  });
});

it('Markdown of ours becomes links and code, and links within the repository become text', () => {
  expect(fromMarkdown('See [a < b](https://x.org/1) and [this](docs/y.md), `c`.')).toBe(
    'See <a href="https://x.org/1">a &lt; b</a> and this, <code>c</code>.',
  );
});
