import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { papernotMnist } from '#core/models/papernot.ts';
import { encodeSafetensors } from '#core/models/safetensors.ts';
import { isExternalFolder } from './external.ts';
import { checkExternal } from './external-check.ts';
import { checkSubmission as checkWith } from './submission-check.ts';
import { createSubmission } from './submission-create.ts';
import { modelToSubmit } from './submission-model.ts';
import { parseSubmission } from './submission-text.ts';
import { readSubmission } from './submissions.ts';
import { manifest } from './testing/manifest.ts';
import { linearOnnx } from './testing/onnx.ts';

/** None of these needs to be opened. */
const checkSubmission = (path: string) => checkWith(path, () => Promise.reject(new Error('opened')));

const bytes = (text: string) => new TextEncoder().encode(text);

describe('a folder', () => {
  let parent: string;
  let folder: string;
  beforeEach(async () => {
    parent = await mkdtemp(join(tmpdir(), 'parapet-submissions-'));
    folder = join(parent, 'Someone2020Method');
    await mkdir(folder);
    await writeFile(join(folder, 'submission.yaml'), manifest);
  });
  afterEach(() => rm(parent, { recursive: true }));

  const weights = encodeSafetensors(
    Object.fromEntries(
      papernotMnist.parameters.map(({ name, shape }) => [
        name,
        { shape, data: new Float32Array(shape.reduce((product, side) => product * side, 1)) },
      ]),
    ),
  );
  async function addModel(model: Uint8Array | string, sha256 = createHash('sha256').update(model).digest('hex')) {
    await writeFile(join(folder, 'model.safetensors'), model);
    const named = `architecture: papernot-mnist\n  file: model.safetensors\n  sha256: ${sha256}`;
    await writeFile(join(folder, 'submission.yaml'), manifest.replace('architecture: papernot-mnist', named));
  }

  test('may be withdrawn: validate warns, and its digest stays, so that its results still verify', async () => {
    const { digest } = await readSubmission(folder);
    const text = `${manifest}withdrawn:\n  date: 2026-03-04\n  reason: The gradients were masked\n`;
    await writeFile(join(folder, 'submission.yaml'), text);
    const { submission, ...read } = await readSubmission(folder);
    expect(submission.withdrawn).toEqual({ date: '2026-03-04', reason: 'The gradients were masked' });
    expect(read.digest).toBe(digest);
    const { warnings } = await checkSubmission(folder);
    expect(warnings).toContain('withdrawn: since 2026-03-04 its row is struck out and has no rank; its results stay');
    for (const [from, to, message] of [
      ['2026-03-04', '2026-13-04', /withdrawn\.date: is '2026-13-04'/],
      ['  reason: The gradients were masked\n', '', /withdrawn\.reason: is missing/],
      ['masked', 'mas\u202eked', /withdrawn\.reason: holds a control or invisible character/],
    ] as const) {
      expect(() => parseSubmission(bytes(text.replace(from, to)))).toThrow(message);
    }
  });

  test('is read with its weights, and its digest changes with either', async () => {
    const recipe = await readSubmission(folder);
    expect(recipe).toMatchObject({ submission: { id: 'Someone2020Method' }, folder, sent: null });
    await addModel(weights);
    const whole = await readSubmission(folder);
    expect(whole.sent?.submission.files).toEqual({ 'model.safetensors': weights });
    expect(new Set([recipe.digest, whole.digest]).size).toBe(2);
    await addModel(weights.with(weights.length - 1, 1));
    expect((await readSubmission(folder)).digest).not.toBe(whole.digest);
    expect(await checkSubmission(folder)).toMatchObject({
      parameters: 312_202,
      modelBytes: weights.length,
      warnings: [],
    });
  });

  test.each<[string, () => Promise<unknown>, string]>([
    [
      'weights that were altered',
      () => addModel(weights, 'a'.repeat(64)),
      'submission.yaml:10:11 model.sha256: is aaaa',
    ],
    [
      'weights of another net',
      () => addModel(encodeSafetensors({ x: { shape: [1], data: Float32Array.of(1) } })),
      'do not fit',
    ],
    ['truncated weights', () => addModel(weights.subarray(0, 1000)), 'safetensors'],
    [
      'a zip archive',
      () => addModel(Uint8Array.of(0x50, 0x4b, 3, 4, 0, 0, 0, 0, 0)),
      'model.file: model.safetensors is a zip archive',
    ],
    ['a pickle', () => addModel(Uint8Array.of(0x80, 2, 0, 0, 0, 0, 0, 0, 0)), 'is a pickle, which can run code'],
    ['an HDF5 file', () => addModel(Uint8Array.of(0x89, 0x48, 0x44, 0x46, 0, 0, 0, 0, 0)), 'is an HDF5 file'],
    [
      'a tar archive',
      () => addModel(new Uint8Array(512).fill(0).map((_, i) => 'ustar'.charCodeAt(i - 257) || 0)),
      'is a tar archive',
    ],
    [
      'a Git LFS pointer',
      () => addModel('version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n'),
      'Git LFS pointer',
    ],
    [
      'missing weights',
      () => addModel(weights).then(() => rm(join(folder, 'model.safetensors'))),
      'model.safetensors is missing',
    ],
    [
      'a link for weights',
      async () => {
        await addModel(weights);
        await rm(join(folder, 'model.safetensors'));
        await symlink('/etc/passwd', join(folder, 'model.safetensors'));
      },
      'is a link',
    ],
    [
      'a pipe for weights',
      async () => {
        await addModel(weights);
        await rm(join(folder, 'model.safetensors'));
        execFileSync('mkfifo', [join(folder, 'model.safetensors')]);
      },
      'is not an ordinary file',
    ],
    ['no submission.yaml', () => rm(join(folder, 'submission.yaml')), 'submission.yaml is missing'],
    ['a folder inside', () => mkdir(join(folder, 'nested')), 'wanted plain files only'],
    [
      'another id',
      () => writeFile(join(folder, 'submission.yaml'), manifest.replace('Someone', 'Other')),
      "id is 'Other2020Method'",
    ],
    ['a twin in capitals', () => mkdir(join(parent, 'SOMEONE2020Method')), 'only in case'],
  ])('with %s is refused', async (_name, damage, message) => {
    await damage();
    await expect(checkSubmission(folder)).rejects.toMatchObject({
      kind: 'submission',
      message: expect.stringContaining(message),
    });
  });

  test('of several nets is told all that is wrong with its files at once', async () => {
    const net = (file: string) => ({ format: 'onnx', file, sha256: 'a'.repeat(64) });
    const several = { models: [net('a.onnx'), net('b.onnx')], defenses: [{ id: 'vote' }] };
    const about = { id: 'Someone2020Method', name: 'x', authors: ['x'], licence: 'MIT', datasets: ['mnist'] };
    await writeFile(join(folder, 'submission.yaml'), JSON.stringify({ ...about, ...several }, null, 2));
    await writeFile(join(folder, 'a.onnx'), 'x');
    await expect(readSubmission(folder)).rejects.toThrow(
      /submission\.yaml:15:17 models\.0\.sha256: is aaaa.*\n.*submission\.yaml:19:15 models\.1\.file: .*b\.onnx is missing/,
    );
  });

  test('may have a defense with a file, which is read, checked and sent with the nets', async () => {
    const digest = (data: string) => createHash('sha256').update(data).digest('hex');
    const named = { id: 'defense-gan', options: {}, file: 'g.safetensors', sha256: digest('generator') };
    const about = { id: 'Someone2020Method', name: 'x', authors: ['x'], licence: 'MIT', datasets: ['mnist'] };
    const model = { format: 'onnx', file: 'a.onnx', sha256: digest('net') };
    const text = JSON.stringify({ ...about, model, defenses: [named], randomised: true }, null, 2);
    await writeFile(join(folder, 'submission.yaml'), text);
    await writeFile(join(folder, 'a.onnx'), 'net');
    await expect(readSubmission(folder)).rejects.toThrow(/defenses\.0\.file: .*g\.safetensors/);
    await writeFile(join(folder, 'g.safetensors'), 'another');
    await expect(readSubmission(folder)).rejects.toThrow(/defenses\.0\.sha256: is .* and g\.safetensors has /);
    await writeFile(join(folder, 'g.safetensors'), 'generator');
    const { sent } = await readSubmission(folder);
    expect(Object.keys(sent?.submission.files ?? {})).toEqual(['a.onnx', 'g.safetensors']);
    expect(sent?.submission.defenses[0]).toMatchObject({ file: 'g.safetensors' });
  });

  test('that is new may have a graph copied in, and points editors at the schema', async () => {
    const net = linearOnnx({ inputShape: [28, 28, 1], weights: new Float32Array(7840), bias: new Float32Array(10) });
    await writeFile(join(parent, 'my net.onnx'), net);
    const { model, files } = await modelToSubmit(join(parent, 'my net.onnx'), null);
    const made = await createSubmission(
      parent,
      { id: 'New2026Graph', name: 'x', author: 'x', dataset: 'mnist', model },
      files,
    );
    const { submission, sent } = await readSubmission(made);
    expect(submission.model).toMatchObject({ format: 'onnx', file: 'model.onnx' });
    expect(sent?.submission.files['model.onnx']).toEqual(new Uint8Array(net));
    const [first = ''] = (await readFile(join(made, 'submission.yaml'), 'utf8')).split('\n');
    const schema = /^# yaml-language-server: \$schema=(.*)$/.exec(first)?.[1] ?? '';
    expect(schema).not.toMatch(/^\//);
    expect(JSON.parse(await readFile(join(made, schema), 'utf8'))).toHaveProperty('else.properties.model');
    await writeFile(join(parent, 'my net.onnx.data'), 'x');
    await expect(modelToSubmit(join(parent, 'my net.onnx'), null)).rejects.toThrow(
      /its weights lie in a file beside it/,
    );
  });

  test('that is none is a mistake of the caller', async () => {
    await expect(readSubmission(join(parent, 'Nowhere'))).rejects.toMatchObject({ kind: 'usage' });
    await expect(readSubmission(join(folder, 'submission.yaml'))).rejects.toThrow('is not a folder');
  });

  test('may hold more than is read, and says so', async () => {
    await writeFile(join(folder, 'README.md'), '');
    await writeFile(join(folder, 'notes.txt'), '');
    const { warnings } = await checkSubmission(folder);
    expect(warnings.join('\n')).toMatch(/no weights yet.*\nnotes\.txt is not used/);
  });

  test('that is new is valid as it stands, whatever is in its name, and none is made twice or by halves', async () => {
    const values = {
      id: 'New2026Thing',
      name: 'A: "b" # c',
      author: "O'Brien",
      dataset: 'mnist',
      model: { format: 'safetensors', architecture: 'papernot-mnist', digests: null },
    } as const;
    const made = await createSubmission(parent, values);
    expect(await checkSubmission(made)).toMatchObject({ id: 'New2026Thing', name: 'A: "b" # c' });
    const text = await readFile(join(made, 'submission.yaml'), 'utf8');
    expect(text).toMatch(/^ {2}# \(not beside a recipe, which .*\)\n {2}# preprocessing: /m);
    await writeFile(join(made, 'submission.yaml'), text.replace('  # preprocessing: ', '  preprocessing: '));
    await expect(readSubmission(made)).rejects.toThrow(/:\d+:3 model\.preprocessing: stands beside a recipe/);
    await expect(createSubmission(parent, values)).rejects.toMatchObject({
      kind: 'usage',
      message: expect.stringContaining('already'),
    });
    await expect(createSubmission(parent, { ...values, id: 'lower' })).rejects.toMatchObject({ kind: 'usage' });
    expect((await readdir(parent)).sort()).toEqual(['New2026Thing', 'Someone2020Method']);
  });
});

test('the submissions of this repository are valid', async () => {
  const submissions = fileURLToPath(new URL('../../submissions/', import.meta.url));
  for (const id of await readdir(submissions)) {
    const folder = join(submissions, id);
    const checked = await ((await isExternalFolder(folder)) ? checkExternal(folder) : checkSubmission(folder));
    expect(checked.id).toBe(id);
  }
  expect(await readFile(join(submissions, 'Undefended', 'submission.yaml'), 'utf8')).toContain('id: Undefended');
});
