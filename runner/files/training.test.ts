import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
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

/** A submission of two such nets. */
function pair(recipe: object): Submission {
  const { model, ...rest } = submission(recipe);
  return { ...rest, models: [model, model] } as Submission;
}

const recipe = { options: { epochs: 3, batchSize: 16, learningRate: 0.01 } };

/** A process that trains on 32 made-up images and tells each epoch and each step; of several nets also which. */
const script = `
  import { startBackend } from ${JSON.stringify(new URL('../backends/index.ts', import.meta.url).href)};
  import { trainSubmission } from ${JSON.stringify(new URL('./training.ts', import.meta.url).href)};
  const [submission, outs, resume, first] = JSON.parse(process.argv[2]);
  const x = Float32Array.from({ length: 32 * 784 }, (_, i) => (i * 7919 % 256) / 255);
  const y = Int32Array.from({ length: 32 }, (_, i) => i % 10);
  try {
    const tell = (index) => {
      const say = (text) => process.stdout.write((outs.length > 1 ? index + ' ' : '') + text + '\\n');
      return {
        onResume: (phase, epoch) => say('resumed ' + phase + ' ' + epoch),
        onStep: (phase, epoch, done) => say('step ' + epoch + ' ' + done),
        ...(outs.length > 1 && { onEpoch: ({ epoch }) => say('epoch ' + epoch) }),
      };
    };
    await trainSubmission({
      submission, nets: outs.map((out, i) => ({ index: first + i, out })), resume, tell,
      backend: await startBackend('wasm'), data: { x, y, count: 32, digest: 'made up' },
    });
  } catch (error) {
    process.stdout.write('error ' + error.kind + ' ' + error.message + '\\n' + (error.hint ?? '') + '\\n');
  }
`;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parapet-training-'));
  await writeFile(join(folder, 'train.ts'), script);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** @param out where the weights go, within the folder, or a list of such for several nets @param first the first net that is trained */
function start(wanted: Submission, out: string | readonly string[], resume = true, first = 0): ChildProcess {
  const outs = [out].flat().map((name) => join(folder, name));
  return spawn(process.execPath, [join(folder, 'train.ts'), JSON.stringify([wanted, outs, resume, first])], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

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
    expect(await finish(start(other, 'other.safetensors'))).toMatch(
      /^error integrity \S*other\.safetensors\.checkpoint: the checkpoint belongs to another run: .*\nstart anew with --no-resume/,
    );
    expect(await finish(start(other, 'other.safetensors', false))).toMatch(/^step 0 1/);
  });

  test('a checkpoint that was cut short is one error, with its path and the way out', async () => {
    await killAt(start(submission(recipe), 'cut.safetensors'), 'step 1 1');
    const checkpoint = join(folder, 'cut.safetensors.checkpoint');
    await writeFile(checkpoint, (await readFile(checkpoint)).subarray(0, 1000));
    expect(await finish(start(submission(recipe), 'cut.safetensors'))).toMatch(
      /^error integrity \S*cut\.safetensors\.checkpoint: the checkpoint is damaged: .*\nstart anew with --no-resume/,
    );
    expect(await finish(start(submission(recipe), 'cut.safetensors', false))).toMatch(/^step 0 1/);
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
    await finish(start(pair({ options: { ...recipe.options, epochs: 1 }, seed: 3 }), 'second.safetensors', true, 1));
    await finish(start(submission({ options: { ...recipe.options, epochs: 1 }, seed: 4 }), 'alone.safetensors'));
    const [second, alone] = await Promise.all(
      ['second', 'alone'].map((name) => readFile(join(folder, `${name}.safetensors`))),
    );
    expect(second).toEqual(alone);
  });

  test('of two nets, stopped in the second: started again, the first is written without an epoch', async () => {
    const outs = ['first', 'next'].map((name) => `${name}.safetensors`);
    await killAt(start(pair(recipe), outs), '1 step 1 1');
    const first = await readFile(join(folder, 'first.safetensors'));
    expect(existsSync(join(folder, 'next.safetensors'))).toBe(false);
    const told = await finish(start(pair(recipe), outs));
    expect(told).toMatch(/^0 resumed net 3\n1 resumed net 1\n1 step 1 1\n/);
    expect(told.match(/^\d epoch \d$/gm)).toEqual(['1 epoch 2', '1 epoch 3']);
    expect(await readFile(join(folder, 'first.safetensors'))).toEqual(first);
    await finish(start(submission({ ...recipe, seed: 1 }), 'apart.safetensors'));
    expect(await readFile(join(folder, 'next.safetensors'))).toEqual(await readFile(join(folder, 'apart.safetensors')));
    for (const out of outs) expect(existsSync(join(folder, `${out}.checkpoint`))).toBe(false);
  });

  test('a folder where the weights of a later net should go is refused before the first is trained', async () => {
    await mkdir(join(folder, 'taken.safetensors'));
    expect(await finish(start(pair(recipe), ['free.safetensors', 'taken.safetensors']))).toMatch(
      /^error usage --out: '\S*taken\.safetensors' is a folder; wanted the name of a file\n/,
    );
  });

  test('a submission without a recipe, and one with a wrong option, are refused by name', async () => {
    expect(await finish(start({ ...submission(recipe), recipe: undefined }, 'none'))).toContain(
      'error submission recipe:',
    );
    const wrong = submission({ options: { epoch: 3 } });
    expect(await finish(start(wrong, 'none'))).toMatch(/error submission recipe\.options.*epoch/);
    const cold = submission({ method: 'distillation', options: { temperature: 0 } });
    expect(await finish(start(cold, 'none'))).toMatch(
      /^error submission recipe\.options\.temperature: is 0; wanted more than 0\n/,
    );
    const unbounded = submission({ method: 'crown-ibp' });
    expect(await finish(start(unbounded, 'none'))).toMatch(/^error submission model\.architecture: papernot-mnist has/);
  });
});
