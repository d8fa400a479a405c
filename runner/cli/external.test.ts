/** From an attack to a row that is lowered: `attack --external`, a manifest, `validate`, `evaluate`, `verify`. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mnist } from '#core/datasets/mnist.ts';
import { decodeExamples, encodeExamples } from '#core/external/examples.ts';
import type { ExternalResult } from '#core/external-result.ts';

const main = fileURLToPath(new URL('./main.ts', import.meta.url));
const undefended = fileURLToPath(new URL('../../submissions/Undefended', import.meta.url));
const SIZE = 28 * 28;
const path = 'out/external/mnist-linf-0.3/Someone2026Attack.json';
let folder: string;
let broken: number;

function parapet(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...args], {
    encoding: 'utf8',
    cwd: folder,
    env: { ...process.env, NO_COLOR: '1' },
    timeout: 300_000,
  });
  return { status, stdout, stderr };
}

/** Writes an external evaluation of the given images. */
async function handIn(id: string, bytes: Uint8Array): Promise<void> {
  await mkdir(join(folder, id), { recursive: true });
  await writeFile(join(folder, id, 'examples.safetensors'), bytes);
  const manifest = {
    kind: 'external-evaluation',
    id,
    name: 'FGSM once more',
    authors: ['Some One'],
    licence: 'CC0-1.0',
    of: { submission: 'Undefended', track: 'mnist-linf-0.3' },
    examples: { file: 'examples.safetensors', sha256: createHash('sha256').update(bytes).digest('hex') },
  };
  await writeFile(join(folder, id, 'submission.yaml'), JSON.stringify(manifest, null, 2));
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parapet external '));
  const command = ['attack', undefended, '--attack', 'fgsm', '--track', 'mnist-linf-0.3', '--examples', '10'];
  const attacked = parapet(...command, '--backend', 'wasm', '--external', 'broken.safetensors', '--json');
  if (attacked.status !== 0) throw new Error(attacked.stderr);
  const made = decodeExamples(await readFile(join(folder, 'broken.safetensors')), mnist);
  broken = made.index.length;
  const { successRate, cleanAccuracy } = JSON.parse(attacked.stdout);
  // Every image that the attack found, and no other.
  expect(broken).toBe(Math.round(successRate.value * cleanAccuracy.value * 10));
  expect(broken).toBeGreaterThan(3);
  const grey = new Float32Array(3 * SIZE).fill(0.5);
  grey[SIZE] = 1.5;
  grey[2 * SIZE] = Number.NaN;
  const index = Int32Array.of(...made.index, 20, 21, 22);
  await handIn('Someone2026Attack', encodeExamples({ index, x: Float32Array.of(...made.x, ...grey) }, mnist.shape));
});
afterAll(() => rm(folder, { recursive: true }));

describe('an external evaluation', () => {
  it('is valid, and validate tells beforehand which images will be rejected', () => {
    const { status, stdout, stderr } = parapet('validate', 'Someone2026Attack', '--json');
    expect(JSON.parse(stdout)).toMatchObject({
      valid: true,
      submission: { kind: 'external-evaluation', images: broken + 3, of: { submission: 'Undefended' } },
    });
    expect(stderr).toMatch(/1 of \d+ images hold a value that is not finite, and will be rejected/);
    expect(stderr).toMatch(/1 of \d+ images hold a value outside \[0, 1\]/);
    expect(stderr).toMatch(/1 of \d+ images lie outside the ball of mnist-linf-0\.3/);
    expect(status).toBe(0);
  });

  it('is evaluated on two backends, and verify finds that it stands', async () => {
    const { status, stdout } = parapet('evaluate', 'Someone2026Attack', '--backend', 'wasm');
    expect(stdout).toMatch(/handed in +\d+\nwithin the ball +\d+\nconfirmed +\d+\nrejected: outside-ball +1\n/);
    // Nothing of the undefended net was left standing for it to break.
    expect(stdout).toMatch(
      /autoattack-standard: robust accuracy 0\.0 % .* → 0\.0 % .*; 0 more broken, \d+ of its 1000/,
    );
    expect(status).toBe(0);
    const result: ExternalResult = JSON.parse(await readFile(join(folder, path), 'utf8'));
    expect(result).toMatchObject({
      attempted: broken + 3,
      valid: broken,
      confirmed: broken,
      rejected: { unconfirmed: 0, 'classified-right': 0, 'outside-ball': 1, 'outside-range': 1, 'not-finite': 1 },
      backend: { name: 'wasm' },
      evidence: { backend: 'cpu' },
    });
    const verified = parapet('verify', path, '--submission', 'Someone2026Attack', '--json');
    expect(JSON.parse(verified.stdout)).toMatchObject({ verified: true, images: broken, findings: [] });
    expect(verified.status).toBe(0);
  });

  it('does not stand when a number of its result, its evidence or its images is changed', async () => {
    const file = join(folder, path);
    const text = await readFile(file, 'utf8');
    const verify = () => parapet('verify', path, '--submission', 'Someone2026Attack');
    await writeFile(file, text.replace(/"confirmed": \d+/, '"confirmed": 1'));
    expect(verify()).toMatchObject({ status: 6, stderr: expect.stringMatching(/digest: /) });
    await writeFile(file, text);
    const evidence = file.replace('.json', '.examples.safetensors');
    const bytes = await readFile(evidence);
    await writeFile(evidence, bytes.fill(0, bytes.length - 4));
    expect(verify()).toMatchObject({ status: 6, stderr: expect.stringMatching(/evidence\.digest/) });
  });

  it('is no defense: it is not trained or attacked, nor evaluated beside one or on a track of one’s choice', () => {
    expect(parapet('train', 'Someone2026Attack')).toMatchObject({
      status: 3,
      stderr: expect.stringMatching(
        /submission\.yaml:2:11 kind: is an external evaluation, and a defense is wanted here/,
      ),
    });
    expect(parapet('evaluate', 'Someone2026Attack', undefended)).toMatchObject({
      status: 2,
      stderr: expect.stringMatching(/some of these are defenses and some are external evaluations/),
    });
    expect(parapet('evaluate', 'Someone2026Attack', '--track', 'mnist-l2-2')).toMatchObject({
      status: 2,
      stderr: expect.stringMatching(/--track: mnist-l2-2; Someone2026Attack is of mnist-linf-0\.3/),
    });
  });
});
