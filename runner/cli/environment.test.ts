/** Where a person lives, and what their clock says, decides no number and no name. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { encodeNpy } from '../files/npy.ts';
import { linearOnnx } from '../files/testing/onnx.ts';
import { writeZip } from '../files/zip.ts';

const main = join(import.meta.dirname, 'main.ts');
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'parapet-place-'));
  const weights = Float32Array.of(1, 0, 0, 1);
  writeFileSync(join(folder, 'INI.onnx'), linearOnnx({ inputShape: [1, 2, 1], weights, bias: new Float32Array(2) }));
  const x = encodeNpy([2, 1, 2, 1], Float32Array.of(0.9, 0.1, 0.45, 0.55));
  writeFileSync(join(folder, 'data.npz'), writeZip({ 'x.npy': x, 'y.npy': encodeNpy([2], Int32Array.of(0, 1)) }));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** A result as it was printed, from a process in some place whose clock is off by some seconds. */
function evaluated(place: Record<string, string>, secondsAhead: number) {
  // Jumps once it runs, as a clock that is set does.
  const jump = join(folder, `jump${secondsAhead}.mjs`);
  writeFileSync(
    jump,
    `const now = Date.now; setTimeout(() => { Date.now = () => now() + ${1000 * secondsAhead}; }, 50);`,
  );
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    [
      ...['--import', jump, main, 'evaluate', 'INI.onnx', '--data', 'data.npz', '--norm', 'linf', '--epsilon', '0.1'],
      ...['--backend', 'wasm', '--processes', '1', '--json', '--out', join(String(secondsAhead), 'result.json')],
    ],
    { cwd: folder, encoding: 'utf8', env: { ...process.env, ...place } },
  );
  expect(status, stderr).toBe(0);
  return JSON.parse(stdout);
}

it('a result is the same in Istanbul, Kathmandu and after the year 2038, and with a clock that was put back', () => {
  const here = evaluated({ TZ: 'UTC', LC_ALL: 'C' }, -3600);
  const there = evaluated({ TZ: 'Asia/Kathmandu', LANG: 'tr_TR.UTF-8', LC_ALL: 'tr_TR.UTF-8' }, 15 * 366 * 24 * 3600);
  // It is of everything but the times of the run itself.
  expect(there.digest).toBe(here.digest);
  for (const { run } of [here, there]) {
    expect(run.date).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    expect(run.seconds).toBeGreaterThan(0);
    expect(run.seconds).toBeLessThan(600);
  }
}, 300_000);

it('no source reads, sorts or limits by a locale or by the clock of the wall', () => {
  const root = join(import.meta.dirname, '..');
  const sources = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter(
    (name) => name.endsWith('.ts') && !name.endsWith('.test.ts') && !name.includes('testing/'),
  );
  expect(sources.length).toBeGreaterThan(300);
  const forbidden =
    /\.toLocale(Lower|Upper)Case\(|\.localeCompare\(|\.toLocale\w*String\(\)|\bDate\.now\(\)|new Intl\.(?!Segmenter)/;
  // The probe of the clock is what moves it.
  const allowed = new Set(['core/diagnostics/probes/clock.ts']);
  const found = sources.filter((name) => forbidden.test(readFileSync(join(root, name), 'utf8')));
  expect(found.filter((name) => !allowed.has(name))).toEqual([]);
});
