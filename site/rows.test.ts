/** Rows that external evaluations lowered, that are certified, and that were withdrawn, as the built site shows them. */
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { proportion } from '#core/metrics/proportion.ts';
import { type Result, resultDigest } from '#core/result.ts';
import { type Built, buildSite } from './testing/build.ts';
import { type Page, pagesOf } from './testing/html.ts';
import { sampleBoard } from './testing/sample.ts';

vi.setConfig({ testTimeout: 600_000, hookTimeout: 600_000 });

let built: Built;
let pages: Page[];

beforeAll(async () => {
  const { submissions, results, externals } = sampleBoard();
  built = await buildSite(submissions, results, { externals });
  if (built.code !== 0) throw new Error(built.log);
  pages = await pagesOf(built.dist);
});
afterAll(() => built?.remove());

const page = (path: string) => pages.find((one) => one.path === path) as Page;
/** What a reader hears of a row of the board. */
function rowText(path: string, name: string): string {
  const row =
    page(path)
      .html.match(/<tr[^>]*data-name=.*?<\/tr>/gs)
      ?.find((html) => html.includes(name)) ?? '';
  return row.replace(/<[^>]*>/g, ' ').replace(/\s+/g, ' ');
}
const json = async (path: string) => JSON.parse(await readFile(join(built.dist, 'api/v1', path), 'utf8'));

describe('a certified row', () => {
  it('shows both bounds of the same images, by which method and on how many', () => {
    const text = rowText('mnist-linf-0.3/index.html', 'Hostile2021Markup');
    expect(text).toMatch(/43\.00\s%.*40\.20\s%.*certified by CROWN-IBP bounds, n = 1,000/);
    expect(rowText('mnist-linf-0.3/index.html', 'Undefended')).not.toContain('certified');
    const spaced = (path: string) => page(path).text.replace(/\s+/g, ' ');
    const own = spaced('mnist-linf-0.3/Hostile2021Markup/index.html');
    expect(own).toMatch(/Certified, at least 40\.20 %.*Robust against the suite, at most 43\.00 %/);
    expect(own).toMatch(/2\.80 % are neither proven nor broken/);
    expect(rowText('mnist-l2-2/index.html', 'Madry2018Adversarial')).toContain(
      'certified by Randomized smoothing, of the first 50 images; robust accuracy is of 100',
    );
    // The radius of each of the 31 that hold is 2.82.
    expect(spaced('mnist-l2-2/Madry2018Adversarial/index.html')).toMatch(
      /Randomized smoothing \(deviation 1, samples 10,000,.* is 1\.75 in L2 on average/,
    );
  });

  it('has its certificate in the API', async () => {
    const { rows } = await json('tracks/mnist-linf-0.3.json');
    const row = (id: string) => rows.find((one: { id: string }) => one.id === id);
    expect(row('Hostile2021Markup')).toMatchObject({
      certifiedAccuracy: { value: 0.402 },
      certificate: { method: 'crown', examples: 1000, contradicted: 0, robustAccuracy: { value: 0.43 } },
    });
    expect(row('Undefended')).toMatchObject({ certifiedAccuracy: null, certificate: null });
    const csv = await readFile(join(built.dist, 'api/v1/tracks/mnist-linf-0.3.csv'), 'utf8');
    expect(csv).toMatch(/^.*,Hostile2021Markup,.*,0\.402,[\d.]+,[\d.]+,1000,crown\r$/m);
  });

  it('fails the build where its evidence has another certificate', async () => {
    const path = join(built.data, 'results/v1/mnist-linf-0.3/Hostile2021Markup.json');
    const before = await readFile(path, 'utf8');
    const result: Result = { ...JSON.parse(before), certifiedAccuracy: proportion(430, 1000) };
    await writeFile(path, JSON.stringify({ ...result, digest: resultDigest(result) }));
    const again = await built.again();
    await writeFile(path, before);
    expect(again.code).not.toBe(0);
    expect(again.log).toContain('certifiedAccuracy is 0.43 of 1000; its evidence has 0.402 of 1000');
  });
});

describe('a row that answers at random', () => {
  it('has a place of its own on the board and in the API, and none among the others', async () => {
    const board = page('mnist-linf-0.3/index.html').text.replace(/\s+/g, ' ');
    expect(board).toMatch(
      /Defenses that answer at random .* Suite autoattack-rand-100, ranked among themselves .* 1 Random2018Noise/,
    );
    expect(rowText('mnist-linf-0.3/index.html', 'Noise on every image')).toBe('');
    expect(page('mnist-linf-0.3/Random2018Noise/index.html').text).toMatch(/rank\s+1/);
    const { rows, randomised } = await json('tracks/mnist-linf-0.3.json');
    expect(rows.map(({ id }: { id: string }) => id)).not.toContain('Random2018Noise');
    expect(randomised).toMatchObject([
      { suite: 'autoattack-rand-100', rows: [{ id: 'Random2018Noise', rank: { best: 1, worst: 1 } }] },
    ]);
  });
});

describe('a row that external evaluations lowered', () => {
  it('shows the lowered number, who did it, how many more it broke, and the number of the suite', () => {
    // 889 of 1,000 under the suite; two evaluations broke two images, one of them both.
    const text = rowText('mnist-linf-0.3/index.html', 'Adversarial training with PGD');
    expect(text).toMatch(/88\.70\s%/);
    expect(text).toMatch(/external External, Measure broke 2 more/);
    expect(text).toMatch(/broke 1 more/);
    expect(text).toMatch(/suite alone 88\.90\s%/);
  });

  it('has the evaluations on its page, with what was handed in and what counted', () => {
    const { html, text } = page('mnist-linf-0.3/Madry2018Adversarial/index.html');
    expect(html).toContain('id="external"');
    expect(text.replace(/\s+/g, ' ')).toMatch(/A longer attack External, Measure 4 3 2 2 2026-01-02/);
    expect(text).toMatch(/Under the suite alone\s+88\.9/);
    expect(html).not.toMatch(/<img src=x|<script>alert/);
  });

  it('is as it was where nothing more was broken, and where nobody handed anything in', () => {
    const text = rowText('mnist-linf-0.3/index.html', 'Rtl2022Name');
    expect(text).toMatch(/42\.50\s%/);
    expect(text).not.toContain('external');
    expect(page('mnist-linf-0.3/Rtl2022Name/index.html').text).toContain('External evaluations');
    expect(page('mnist-linf-0.3/Undefended/index.html').html).not.toContain('id="external"');
  });

  it('has both numbers and every evaluation in the API, whose files are the published ones', async () => {
    const { rows } = await json('tracks/mnist-linf-0.3.json');
    const row = rows.find(({ id }: { id: string }) => id === 'Madry2018Adversarial');
    expect(row).toMatchObject({
      robustAccuracy: { value: 0.887 },
      suiteRobustAccuracy: { value: 0.889 },
      external: [
        { id: 'Eve2026Longer', attempted: 4, confirmed: 3, counted: 2, broken: 2 },
        { id: 'Mallory2026Other', attempted: 2, confirmed: 1, counted: 1, broken: 1 },
      ],
    });
    const path = 'external/mnist-linf-0.3/Eve2026Longer';
    expect((await json('index.json')).external.map((one: { path: string }) => one.path)).toContain(path);
    for (const ending of ['json', 'examples.safetensors']) {
      const served = await readFile(join(built.dist, 'api/v1/results', `${path}.${ending}`));
      expect(served.equals(await readFile(join(built.data, 'results', `${path}.${ending}`)))).toBe(true);
    }
    const csv = await readFile(join(built.dist, 'api/v1/tracks/mnist-linf-0.3.csv'), 'utf8');
    expect(csv).toMatch(/Madry2018Adversarial.*,0\.887,.*,0\.889,Eve2026Longer Mallory2026Other,,,,,,\r$/m);
  });
});

describe('a row that was withdrawn', () => {
  it('stays on the board, last, without a rank, with the date and the reason in words', async () => {
    const board = page('mnist-linf-0.3/index.html');
    const names = [...board.html.matchAll(/data-name="([^"]*)"/g)].map(([, name]) => name);
    expect(names.at(-1)).toBe('Input reconstruction');
    const text = rowText('mnist-linf-0.3/index.html', 'Input reconstruction');
    expect(text).toMatch(/none Input reconstruction withdrawn 2026-03-04 : The gradients were masked; see &lt;b&gt;/);
    const { rows } = await json('tracks/mnist-linf-0.3.json');
    expect(rows.at(-1)).toMatchObject({
      id: 'Withdrawn2023Defense',
      rank: null,
      withdrawn: { date: '2026-03-04' },
      robustAccuracy: { value: 0.99 },
    });
    // It would be the best; nobody's place depends on it.
    expect(rows[0].rank).toEqual({ best: 1, worst: 2 });
  });

  it('says so on its own page, and leaves the first place of the track to others', () => {
    expect(page('mnist-linf-0.3/Withdrawn2023Defense/index.html').text).toMatch(
      /withdrawn\s+On\s+2026-03-04\s+its authors withdrew/,
    );
    expect(page('index.html').text).not.toContain('Input reconstruction');
  });

  it('is not taken for one that was edited: the withdrawal is no part of the digest', () => {
    expect(page('mnist-linf-0.3/Withdrawn2023Defense/index.html').text).not.toContain('edited after this run');
  });
});

describe('the build', () => {
  it('stops at an external result whose evaluation is not there', async () => {
    await rm(join(built.data, 'submissions/Eve2026Longer'), { recursive: true });
    const { code, log } = await built.again();
    expect(code).not.toBe(0);
    expect(log).toContain(
      'results/external/mnist-linf-0.3/Eve2026Longer.json: there is no submissions/Eve2026Longer; publish both',
    );
  });
});
