import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Result } from '#core/result.ts';
import { everyKind, writeSubmission } from '../files/testing/submissions.ts';
import { verifyResult } from '../shards/verify-result.ts';

const main = fileURLToPath(new URL('./main.ts', import.meta.url));
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parapet-kinds-'));
  for (const made of await everyKind()) await writeSubmission(folder, made);
});
afterAll(() => rm(folder, { recursive: true }));

function parapet(...args: readonly string[]) {
  const options = { encoding: 'utf8', cwd: folder, env: { ...process.env, NO_COLOR: '1' }, timeout: 300_000 } as const;
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...args], options);
  return { status, stdout, stderr };
}

const wasm = ['--backend', 'wasm', '--processes', '1'];
const ids = ['Kind2026Onnx', 'Kind2026Tfjs', 'Kind2026Averaging', 'Kind2026Vote', 'Kind2026BitDepth'];

describe('submissions of every kind', () => {
  it('are validated', () => {
    const { stdout, status } = parapet('validate', ...ids);
    expect(stdout.split('\n')).toEqual([
      expect.stringMatching(/^Kind2026Onnx: valid\. Kind2026Onnx, mnist, ONNX, files of/),
      expect.stringMatching(/, mnist, TensorFlow\.js, files of/),
      expect.stringMatching(/, mnist, averaging of softmax-regression-mnist, ONNX, files of/),
      expect.stringMatching(/, mnist, vote of 3 × ONNX, files of/),
      expect.stringMatching(/, mnist, bit-depth of ONNX, files of/),
      '',
    ]);
    expect(status).toBe(0);
  });

  it('are evaluated and verified', async () => {
    const args = ['--track', 'mnist-linf-0.3', '--examples', '10', ...wasm, '--json'];
    const { stdout, stderr, status } = parapet('evaluate', ...ids, ...args);
    expect(status, stderr).toBe(0);
    const results = JSON.parse(stdout) as Result[];
    expect(results.map(({ submission }) => submission.id)).toEqual(ids);
    for (const { submission, cleanAccuracy, robustAccuracy } of results) {
      expect(cleanAccuracy.value).toBeGreaterThan(0.6);
      expect(robustAccuracy.value).toBe(0);
      const path = join(folder, 'out', 'quick', 'mnist-linf-0.3', `${submission.id}.json`);
      const { findings, images } = await verifyResult(path, { folder: join(folder, submission.id), processes: 1 });
      expect(findings).toEqual([]);
      expect(images).toBeGreaterThan(5);
    }
  });

  it('take one attack, and a graph is what a transfer attack may be made on', () => {
    const args = [
      '--attack',
      'transfer',
      '--surrogate',
      'Kind2026Tfjs',
      '--track',
      'mnist-linf-0.3',
      '--examples',
      '4',
    ];
    const { stdout, status, stderr } = parapet('attack', 'Kind2026Vote', ...args, ...wasm, '--json');
    expect(status, stderr).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ submission: 'Kind2026Vote', surrogates: ['Kind2026Tfjs'] });
  });
});
