import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { mnist } from '#core/datasets/mnist.ts';
import { encodeExamples } from '#core/external/examples.ts';
import { isExternalFolder, readExternal } from './external.ts';
import { checkExternal } from './external-check.ts';
import { readSubmission } from './submissions.ts';

const examples = { index: Int32Array.of(3), x: new Float32Array(784).fill(0.5) };
const bytes = encodeExamples(examples, mnist.shape);
const sha256 = createHash('sha256').update(bytes).digest('hex');
let parent: string;
let folder: string;

beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'parapet-external-'));
  folder = join(parent, 'Someone2026Attack');
  await mkdir(folder);
  await writeFile(join(folder, 'examples.safetensors'), bytes);
  await say();
});
afterEach(() => rm(parent, { recursive: true }));

const manifest = {
  kind: 'external-evaluation',
  id: 'Someone2026Attack',
  name: 'An attack',
  authors: ['Some One'],
  licence: 'CC0-1.0',
  of: { submission: 'Undefended', track: 'mnist-linf-0.3' },
  examples: { file: 'examples.safetensors', sha256 },
};
const say = (over: object = {}) =>
  writeFile(join(folder, 'submission.yaml'), JSON.stringify({ ...manifest, ...over }, null, 2));

describe('the folder of an external evaluation', () => {
  it('is read with its images and its target', async () => {
    const read = await readExternal(folder);
    expect(read).toMatchObject({
      examples,
      track: { id: 'mnist-linf-0.3' },
      target: { submission: { id: 'Undefended' } },
    });
    expect(await isExternalFolder(folder)).toBe(true);
    expect(await isExternalFolder(read.target.folder)).toBe(false);
  });

  it('has a digest that changes with what it says and with its images', async () => {
    const { digest } = await readExternal(folder);
    await say({ name: 'Another' });
    const renamed = await readExternal(folder);
    const other = encodeExamples({ ...examples, index: Int32Array.of(4) }, mnist.shape);
    await writeFile(join(folder, 'other.safetensors'), other);
    await say({ examples: { file: 'other.safetensors', sha256: createHash('sha256').update(other).digest('hex') } });
    expect(new Set([digest, renamed.digest, (await readExternal(folder)).digest]).size).toBe(3);
  });

  it('takes the defense beside it before the published one, as in a pull request of both', async () => {
    const beside = join(parent, 'Undefended');
    await mkdir(beside);
    await writeFile(
      join(beside, 'submission.yaml'),
      JSON.stringify({
        ...{ id: 'Undefended', name: 'Proposed', authors: ['A B'], licence: 'MIT', datasets: ['mnist'] },
        model: { format: 'safetensors', architecture: 'papernot-mnist' },
        recipe: { method: 'standard', dataset: 'mnist' },
      }),
    );
    expect((await readExternal(folder)).target.submission.name).toBe('Proposed');
  });

  it.each<[string, object, RegExp]>([
    [
      'a kind that there is not',
      { kind: 'external-evalution' },
      /:2:11 kind: wanted external-evaluation, .*did you mean/,
    ],
    [
      'a defense that there is not',
      { of: { submission: 'Nobody', track: 'mnist-l2-2' } },
      /of\.submission: there is no 'Nobody'/,
    ],
    [
      'a mistyped track',
      { of: { submission: 'Undefended', track: 'mnist-l2-3' } },
      /:11:14 of\.track: .* did you mean 'mnist-l2-2'/,
    ],
    [
      'a track of other data',
      { of: { submission: 'Undefended', track: 'cifar10-l2-0.5' } },
      /of\.track: cifar10-l2-0\.5 is of cifar10; Undefended is a defense of mnist/,
    ],
    [
      'the digest of another file',
      { examples: { file: 'examples.safetensors', sha256: 'a'.repeat(64) } },
      /examples\.sha256 is a{64}, and examples\.safetensors has/,
    ],
    ['a file that is not there', { examples: { file: 'x.safetensors', sha256 } }, /x\.safetensors is missing/],
    ['another id than its folder', { id: 'Another2026Attack' }, /id is 'Another2026Attack', and the folder is named/],
  ])('with %s is refused', async (_, over, message) => {
    await say(over);
    const refused = expect.objectContaining({ kind: 'submission', message: expect.stringMatching(message) });
    await expect(checkExternal(folder)).rejects.toEqual(refused);
  });

  it('is refused as a defense, and a defense is refused as one', async () => {
    await expect(readSubmission(folder)).rejects.toThrow(
      /kind: is an external evaluation, and a defense is wanted here/,
    );
    const { target } = await readExternal(folder);
    await expect(readExternal(target.folder)).rejects.toThrow(/is a defense; wanted an external evaluation/);
  });

  it('is warned of what is allowed and probably not meant', async () => {
    await writeFile(join(folder, 'notes.txt'), '');
    await say({ licence: 'as you like it!' });
    const { warnings } = await checkExternal(folder);
    expect(warnings.join('\n')).toMatch(/licence: .*\n(.*\n)*notes\.txt is not used/);
  });
});
