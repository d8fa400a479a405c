import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { decodeSafetensors } from '#core/models/safetensors.ts';
import { type Submission, submissionSchema } from '#core/submission.ts';

const submission = (recipe: object): Submission =>
  submissionSchema.parse({
    id: 'Nobody2020Nothing',
    name: 'Nothing',
    authors: ['Nobody'],
    licence: 'MIT',
    datasets: ['mnist'],
    model: { format: 'safetensors', architecture: 'papernot-mnist' },
    recipe: { method: 'standard', dataset: 'mnist', ...recipe },
  });

const recipe = { options: { epochs: 3, batchSize: 16, learningRate: 0.01 } };

/** A process that trains on 32 made-up images and tells each epoch and each step. */
const script = `
  import { startBackend } from ${JSON.stringify(new URL('../backends/index.ts', import.meta.url).href)};
  import { trainSubmission } from ${JSON.stringify(new URL('./training.ts', import.meta.url).href)};
  const [submission, out, resume, net] = JSON.parse(process.argv[2]);
  const x = Float32Array.from({ length: 32 * 784 }, (_, i) => (i * 7919 % 256) / 255);
  const y = Int32Array.from({ length: 32 }, (_, i) => i % 10);
  try {
    await trainSubmission({
      submission, net, out, resume, backend: await startBackend('wasm'), data: { x, y, count: 32, digest: 'made up' },
      onResume: (phase, epoch) => process.stdout.write('resumed ' + phase + ' ' + epoch + '\\n'),
      onStep: (phase, epoch, done) => process.stdout.write('step ' + epoch + ' ' + done + '\\n'),
    });
  } catch (error) {
    process.stdout.write('error ' + error.kind + ' ' + error.message + '\\n');
  }
`;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parapet-training-'));
  await writeFile(join(folder, 'train.ts'), script);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const start = (wanted: Submission, out: string, resume = true, net = 0) =>
  spawn(process.execPath, [join(folder, 'train.ts'), JSON.stringify([wanted, join(folder, out), resume, net])], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });

async function finish(child: ChildProcess): Promise<string> {
  let output = '';
  child.stdout?.on('data', (chunk) => {
    output += chunk;
  });
  await once(child, 'close');
  return output;
}

async function killAt(child: ChildProcess, line: string): Promise<void> {
  let output = '';
  for await (const chunk of child.stdout as AsyncIterable<Buffer>) {
    output += chunk;
    if (output.includes(line)) child.kill('SIGKILL');
  }
}

describe('training of a submission', () => {
  test('killed in its second epoch and started again, it resumes and ends in the weights of an uninterrupted run', async () => {
    await finish(start(submission(recipe), 'whole.safetensors'));
    await killAt(start(submission(recipe), 'killed.safetensors'), 'step 1 1');
    expect(existsSync(join(folder, 'killed.safetensors'))).toBe(false);
    expect(existsSync(join(folder, 'killed.safetensors.checkpoint'))).toBe(true);
    expect(await finish(start(submission(recipe), 'killed.safetensors'))).toMatch(/^resumed net 1\nstep 1 1/);
    const [whole, killed] = await Promise.all(
      ['whole', 'killed'].map((name) => readFile(join(folder, `${name}.safetensors`))),
    );
    expect(killed).toEqual(whole);
    expect(existsSync(join(folder, 'killed.safetensors.checkpoint'))).toBe(false);
  });

  test('a checkpoint of another recipe is refused, and --no-resume starts anew', async () => {
    await killAt(start(submission(recipe), 'other.safetensors'), 'step 1 1');
    const other = submission({ ...recipe, seed: 5 });
    expect(await finish(start(other, 'other.safetensors'))).toContain(
      'error integrity checkpoint: it belongs to another',
    );
    expect(await finish(start(other, 'other.safetensors', false))).toMatch(/^step 0 1/);
  });

  test('a recipe that differs in the precision of its file alone takes up the same checkpoint', async () => {
    await killAt(start(submission(recipe), 'half.safetensors'), 'step 1 1');
    const half = submission({ options: { ...recipe.options, precision: 'half' } });
    expect(await finish(start(half, 'half.safetensors'))).toMatch(/^resumed net 1\n/);
    const { tensors } = decodeSafetensors(await readFile(join(folder, 'half.safetensors')));
    expect(new Set([...tensors.values()].map(({ dtype }) => dtype))).toEqual(new Set(['F16']));
  });

  test('two at once on one output: the second is refused', async () => {
    const long = submission({ options: { ...recipe.options, epochs: 1000 } });
    const first = start(long, 'twice.safetensors');
    await once(first.stdout as NodeJS.ReadableStream, 'data');
    expect(await finish(start(long, 'twice.safetensors'))).toMatch(/^error infrastructure/);
    first.kill('SIGKILL');
    await finish(first);
  });

  test('of several nets each learns with a seed of its own: the next after that of the one before', async () => {
    const { model, ...rest } = submission({ options: { ...recipe.options, epochs: 1 }, seed: 3 });
    const several = { ...rest, models: [model, model] } as Submission;
    await finish(start(several, 'second.safetensors', true, 1));
    await finish(start(submission({ options: { ...recipe.options, epochs: 1 }, seed: 4 }), 'alone.safetensors'));
    const [second, alone] = await Promise.all(
      ['second', 'alone'].map((name) => readFile(join(folder, `${name}.safetensors`))),
    );
    expect(second).toEqual(alone);
  });

  test('a submission without a recipe, and one with a wrong option, are refused by name', async () => {
    expect(await finish(start({ ...submission(recipe), recipe: undefined }, 'none'))).toContain(
      'error submission recipe:',
    );
    const wrong = submission({ options: { epoch: 3 } });
    expect(await finish(start(wrong, 'none'))).toMatch(/error submission recipe\.options.*epoch/);
    const cold = submission({ method: 'distillation', options: { temperature: 0 } });
    expect(await finish(start(cold, 'none'))).toMatch(/^error submission recipe\.options\.temperature: .*>0\n$/);
    const unbounded = submission({ method: 'crown-ibp' });
    expect(await finish(start(unbounded, 'none'))).toMatch(/^error submission model\.architecture: papernot-mnist has/);
  });
});
