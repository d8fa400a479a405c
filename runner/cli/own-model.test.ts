import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Result } from '#core/result.ts';
import { decodeNpy, encodeNpy } from '../files/npy.ts';
import { linearOnnx } from '../files/testing/onnx.ts';
import { readZip, writeZip } from '../files/zip.ts';
import { makeSubmission } from '../shards/test-submission.ts';

const main = fileURLToPath(new URL('./main.ts', import.meta.url));
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parapet own '));
  await makeSubmission(folder, 7);
  // What is brighter in its upper half is a 7, as the first test image is, and all else a 0.
  const weights = Float32Array.from({ length: 7840 }, (_, i) => {
    const half = Math.floor(i / 392);
    return half === 14 || half === 1 ? 0.1 : 0;
  });
  const bias = Float32Array.from({ length: 10 }, (_, i) => (i === 7 || i === 0 ? 0 : -99));
  await writeFile(join(folder, 'my net.onnx'), linearOnnx({ inputShape: [28, 28, 1], weights, bias }));
  await writeFile(
    join(folder, 'small.onnx'),
    linearOnnx({ inputShape: [1, 2, 1], weights: Float32Array.of(1, 0, 0, 1), bias: new Float32Array(2) }),
  );
  // Whichever pixel is brighter; the last image is labelled wrong.
  const x = Float32Array.of(0.9, 0.1, 0.1, 0.9, 0.55, 0.5, 0.3, 0.4, 0.8, 0.2, 0.6, 0.7);
  const y = Int32Array.of(0, 1, 0, 1, 0, 0);
  await writeFile(
    join(folder, 'pairs.npz'),
    writeZip({ 'x.npy': encodeNpy([6, 1, 2, 1], x), 'y.npy': encodeNpy([6], y) }),
  );
  // Eight images that the small net is sure of, and another that nearly always says 1.
  const sure = Float32Array.from({ length: 16 }, (_, i) => (i % 2 === 0 ? 0.9 : 0.1));
  await writeFile(
    join(folder, 'sure.npz'),
    writeZip({ 'x.npy': encodeNpy([8, 1, 2, 1], sure), 'y.npy': encodeNpy([8], new Int32Array(8)) }),
  );
  await writeFile(
    join(folder, 'biased.onnx'),
    linearOnnx({ inputShape: [1, 2, 1], weights: Float32Array.of(1, 0, 0, 1), bias: Float32Array.of(0, 0.7) }),
  );
  for (const [name, ...pixels] of [
    ['left', 230, 20],
    ['right', 20, 230],
  ] as const) {
    await mkdir(join(folder, 'photos', name), { recursive: true });
    const raw = { width: 2, height: 1, channels: 1 } as const;
    await sharp(Buffer.from(pixels), { raw })
      .png()
      .toFile(join(folder, 'photos', name, '1.png'));
  }
});
afterAll(() => rm(folder, { recursive: true }));

function parapet(...args: readonly string[]) {
  const options = { encoding: 'utf8', cwd: folder, env: { ...process.env, NO_COLOR: '1' }, timeout: 300_000 } as const;
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...args], options);
  return { status, stdout, stderr };
}

const wasm = ['--backend', 'wasm', '--processes', '1'];
const own = ['--data', 'pairs.npz', '--norm', 'linf', '--epsilon', '0.1'];

describe('evaluate of a model file', () => {
  it('attacks an ONNX file on a track, and says which file it was', () => {
    const args = ['--track', 'mnist-linf-0.3', '--examples', '4', ...wasm, '--json'];
    const { stdout, status } = parapet('evaluate', 'my net.onnx', ...args);
    expect(status).toBe(0);
    const result = JSON.parse(stdout) as Result;
    expect(result).toMatchObject({
      submission: { id: 'my-net' },
      model: { file: 'my net.onnx', notes: [] },
      dataset: { id: 'mnist' },
      examples: 4,
      robustAccuracy: { value: 0 },
      evidence: { file: 'my-net.examples.safetensors', backend: 'cpu' },
    });
    expect(result.cleanAccuracy.value).toBeGreaterThan(0);
    expect(result.evidence.verified).toBeGreaterThan(0);
  });

  it('attacks weights of an architecture', () => {
    const args = ['--architecture', 'papernot-mnist', '--track', 'mnist-linf-0.3', '--examples', '2', ...wasm];
    const { stdout, status } = parapet('evaluate', 'Test2026Net/weights.safetensors', ...args);
    expect(stdout).toMatch(/^weights\.safetensors · MNIST, L∞ ≤ 0\.3/);
    expect(status).toBe(0);
  });

  it('attacks on arrays of one’s own, of two classes: what is near the border falls', () => {
    const { stdout, status } = parapet('evaluate', 'small.onnx', ...own, ...wasm, '--json');
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      track: 'pairs-linf-0.1',
      threat: { norm: 'Linf', epsilon: 0.1 },
      dataset: { id: 'pairs', split: 'own' },
      examples: 6,
      cleanAccuracy: { value: 5 / 6 },
      // 0.55 against 0.5 and 0.3 against 0.4 are within reach of 0.1 each.
      robustAccuracy: { value: 0.5 },
    });
  });

  it('attacks on a folder of pictures', () => {
    const photos = ['--data', 'photos/', '--norm', 'l1', '--epsilon', '0.5', ...wasm];
    const { stdout, status } = parapet('evaluate', 'small.onnx', ...photos);
    expect(stdout).toMatch(/^small\.onnx · photos, L1 ≤ 0\.5\n2 images, suite quick, wasm/);
    expect(status).toBe(0);
  });

  const track = ['--track', 'mnist-linf-0.3'];
  it.each([
    [['small.onnx', '--data', 'pairs.npz'], 2, /--norm and --epsilon: missing/],
    [['small.onnx', ...own, ...track], 2, /--track and --data came; wanted one of them/],
    [['small.onnx', ...track, '--epsilon', '0.1'], 2, /--epsilon: the track decides that/],
    [['small.onnx', ...own, '--norm', 'l3'], 2, /--norm: there is no 'l3'/],
    [['small.onnx', ...own, '--epsilon', '8'], 2, /--epsilon: 8 in Linf allows any image.*\n.*8\/255, not 8/],
    [['small.onnx', ...own, '--epsilon', 'x'], 2, /--epsilon: 'x'; wanted a number above 0/],
    [['small.onnx', ...own, '--norm', 'l0'], 2, /--epsilon: '0\.1'; wanted how many values may change/],
    [['small.onnx', ...own, '--suite', 'papernot2016'], 2, /suite papernot2016 has no attacks in Linf/],
    [['my net.onnx', ...own], 3, /the images are \[1, 1, 2\]/],
    [['Test2026Net', '--data', 'pairs.npz'], 2, /--data: only for a model file/],
    [['my net.onnx'], 2, /neither --track nor --data came/],
    [
      ['my net.onnx', ...track, '--publish'],
      2,
      /--publish: only submissions are published.*\n {2}make it a submission/,
    ],
    [['my net.onnx', 'small.onnx', ...track], 2, /a model file is evaluated by itself/],
    [['my net.onnx', ...track, '--shard', '1/2'], 2, /--shard: only evaluations of submissions are split/],
    [['absent.onnx', ...track], 2, /absent\.onnx: there is no such file/],
    [['small.onnx', ...track], 3, /its input 'images' has \[\?, 1, 1, 2\]; the images are \[1, 28, 28\]/],
    [['my net.onnx', '--track', 'cifar10-l2-0.5'], 3, /the images are \[3, 32, 32\]/],
    [
      ['Test2026Net/weights.safetensors', ...track, '--architecture', 'resnet'],
      3,
      /architecture: there is no 'resnet'/,
    ],
    [['Test2026Net', ...track, '--architecture', 'papernot-mnist'], 2, /--architecture: only for a model file/],
  ])('says what is wrong with %j', (args, code, message) => {
    const { status, stderr, stdout } = parapet('evaluate', ...args, '--backend', 'wasm');
    expect(stderr).toMatch(message);
    expect({ status, stdout }).toEqual({ status: code, stdout: '' });
  });
});

describe('what a person is told', () => {
  const sure = ['--data', 'sure.npz', '--norm', 'linf', '--epsilon', '0.1', ...wasm];

  it('fits on a screen, and every word leads somewhere', () => {
    const { stdout, stderr } = parapet(
      'evaluate',
      'small.onnx',
      ...own,
      ...wasm,
      '--budget',
      '1h',
      '--fail-under',
      '50%',
    );
    expect(stdout).toMatch(/^small\.onnx · pairs, L∞ ≤ 0\.1\n6 images, suite quick, wasm, \d+ s\n/);
    expect(stdout).toMatch(/clean accuracy +83\.3 % \[/);
    expect(stdout).toMatch(/robust accuracy +50\.0 % \[/);
    expect(stdout).toMatch(/strongest: (fgsm|pgd-ce|pgd-margin) +50\.0 %/);
    expect(stdout.split('\n').length).toBeLessThan(24);
    expect(stderr).toMatch(/all 6 images fit into the budget/);
  });

  it('before it begins: what it would take, and nothing is written', () => {
    const { stdout, status } = parapet(
      'evaluate',
      'small.onnx',
      ...own,
      ...wasm,
      '--dry-run',
      '--json',
      '--out',
      'dry.json',
    );
    // FGSM takes 1 gradient of an image that stands, PGD 20, twice; the probes of every evaluation what 70 take.
    expect(JSON.parse(stdout)).toMatchObject({ examples: 6, gradients: 6 * (41 + 70), forwardPasses: 6 });
    expect(status).toBe(0);
    expect(parapet('compare', 'dry.json', 'dry.json').stderr).toMatch(/cannot read dry\.json/);
  });

  it('by its exit code: 1 under a share, or when worse than a baseline', () => {
    expect(parapet('evaluate', 'small.onnx', ...sure, '--out', 'good.json').status).toBe(0);
    const under = parapet('evaluate', 'biased.onnx', ...sure, '--fail-under', '0.4', '--out', 'biased.json');
    expect(under.stderr).toMatch(/biased on sure-linf-0\.1: robust accuracy 0\.0 % .* is under 40\.0 %/);
    expect(under.status).toBe(1);
    const worse = parapet('evaluate', 'biased.onnx', ...sure, '--baseline', 'good.json', '--out', 'biased.json');
    expect(worse.stderr).toMatch(/against the baseline: the baseline is more robust than this model: 8 .*p = 0\.0078/);
    expect(worse.status).toBe(1);
    const better = parapet('evaluate', 'small.onnx', ...sure, '--baseline', 'biased.json', '--out', 'good.json');
    expect(better.stderr).toMatch(/this model is more robust than the baseline/);
    expect(better.status).toBe(0);
    // A result may be held against the one that it takes the place of.
    const same = parapet('evaluate', 'small.onnx', ...sure, '--baseline', 'good.json', '--out', 'good.json');
    expect(same).toMatchObject({ status: 0, stderr: expect.stringMatching(/No image tells them apart/) });
  });

  it('as a page of its own, with the images beside, and as arrays', async () => {
    const files = ['--report', 'report.html', '--adversarial', 'adv.npz'];
    const photos = ['--data', 'photos', '--norm', 'l2', '--epsilon', '0.7'];
    const { status, stdout } = parapet('evaluate', 'small.onnx', ...photos, ...wasm, ...files);
    expect(status).toBe(0);
    expect(stdout).toMatch(/small\.json\nreport\.html\nadv\.npz\n$/);
    const page = await readFile(join(folder, 'report.html'), 'utf8');
    expect(page).toMatch(
      /Of 2 images the model answers <strong>2<\/strong> right\. .*answers <strong>0<\/strong> right/,
    );
    expect(page).toMatch(/alt="Image 0 after the attack, changed by 0\.\d+ in L2; the model says right"/);
    // C&W looks for the nearest image, so there is a curve, and its numbers.
    expect(page).toMatch(/<svg [\s\S]*<caption>Robust accuracy by radius<\/caption>/);
    expect(page).toContain('npm run -s parapet -- evaluate small.onnx --data photos');
    const arrays = readZip(await readFile(join(folder, 'adv.npz')), 'adv.npz');
    const read = (name: string) => decodeNpy(arrays.get(`${name}.npy`)?.() ?? new Uint8Array(), name);
    expect(read('xAdv').shape).toEqual([2, 1, 2, 1]);
    const [x, xAdv] = [read('x').data, read('xAdv').data];
    for (const row of [0, 2]) {
      // Beyond the border between the two pixels, and no farther than allowed.
      expect(Math.sign((x[row] as number) - (x[row + 1] as number))).not.toBe(
        Math.sign((xAdv[row] as number) - (xAdv[row + 1] as number)),
      );
      expect(Math.hypot(...[row, row + 1].map((i) => (x[i] as number) - (xAdv[i] as number)))).toBeLessThan(0.7001);
    }
  });

  it('of an attack of their own as of any other: the one of the documentation does what FGSM does', async () => {
    const text = await readFile(new URL('../../docs/own-model.md', import.meta.url), 'utf8');
    await writeFile(join(folder, 'mine.ts'), /```ts\n([\s\S]*?)```/.exec(text)?.[1] ?? '');
    const { stdout, status } = parapet('evaluate', 'small.onnx', ...own, ...wasm, '--attack', './mine.ts', '--json');
    expect(status).toBe(0);
    const result = JSON.parse(stdout) as Result;
    const [mine, fgsm] = ['mine', 'fgsm'].map((id) => result.attacks.find((attack) => attack.id === id));
    expect(mine).toMatchObject({
      file: { name: 'mine.ts' },
      robustAccuracy: fgsm?.robustAccuracy,
      successRate: fgsm?.successRate,
    });
    expect(parapet('evaluate', 'Test2026Net', '--attack', './mine.ts').stderr).toMatch(
      /--attack: only for a model file/,
    );
  });

  it('can be verified from the parts that it rests on, and from no others', () => {
    const parts = ['--model', 'small.onnx', '--data', 'sure.npz'];
    const { status, stdout } = parapet('verify', 'good.json', ...parts, '--processes', '1');
    expect(stdout).toMatch(/good\.json: every number stands; 0 adversarial images and 8 clean ones classified on cpu/);
    expect(status).toBe(0);
    const broken = parapet('verify', 'biased.json', '--model', 'biased.onnx', '--data', 'sure.npz');
    expect(broken.stdout).toMatch(/every number stands; 8 adversarial images/);
    const other = parapet('verify', 'biased.json', ...parts);
    expect(other.stderr).toMatch(/submission\.digest: .*; that of submission biased here is/);
    expect(other.status).toBe(6);
    expect(parapet('verify', 'good.json').stderr).toMatch(/good\.json is of the data sure; --data is missing/);
    expect(parapet('verify', 'good.json', '--data', 'sure.npz').stderr).toMatch(
      /the model file small\.onnx; --model is/,
    );
  });

  it('compares two results image by image', () => {
    const { stdout, status } = parapet('compare', 'good.json', 'biased.json', '--json');
    expect(status).toBe(0);
    const compared = JSON.parse(stdout);
    expect(compared).toMatchObject({
      examples: 8,
      onlyFirst: [0, 1, 2, 3, 4, 5, 6, 7],
      onlySecond: [],
      p: expect.closeTo(2 / 256),
    });
    expect(compared.images[0]).toEqual({ example: 0, first: 'stands', second: 'broken' });
    expect(parapet('compare', 'good.json', 'biased.json').stdout).toMatch(/small is more robust than biased: 8 images/);
    const { stderr, status: code } = parapet('compare', 'good.json', 'out/own/quick/pairs-linf-0.1/small.json');
    expect(stderr).toMatch(/are of another data: sure \(\w{8}\), and pairs/);
    expect(code).toBe(2);
  });

  it.each([
    [['--budget', '10'], /--budget: '10'; wanted a time such as 90s, 10m or 2h/],
    [['--budget', '0.001s'], /--budget: 0 seconds are left for attacks; one image may take/],
    [['--adversarial', 'adv.png'], /--adversarial: adv\.png; wanted the name of an \.npz or \.safetensors file/],
    [['--fail-under', '40'], /--fail-under: '40'; wanted a fraction such as 0\.4, or 40%/],
    [['--baseline', 'none.json'], /cannot read none\.json/],
  ])('says what is wrong with %j', (args, message) => {
    const { stderr, status } = parapet('evaluate', 'small.onnx', ...own, ...wasm, ...args);
    expect(stderr).toMatch(message);
    expect(status).not.toBe(0);
  });
});
