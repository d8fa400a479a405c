import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deviceFault } from './device-fault.ts';
import { startPool } from './pool.ts';

/** As TensorFlow, CUDA and the driver word them. */
const faults = [
  ['Allocator (GPU_0_bfc) ran out of memory trying to allocate 2.00GiB', /memory .* is used up/],
  ['failed call to cuMemAlloc: CUDA_ERROR_OUT_OF_MEMORY: out of memory', /memory .* is used up/],
  ['failed to synchronize: CUDA_ERROR_ECC_UNCORRECTABLE: uncorrectable ECC error encountered', /damaged \(ECC\)/],
  ['failed call to cuInit: CUDA_ERROR_NO_DEVICE: no CUDA-capable device is detected', /no graphics processor/],
  ['Failed to initialize NVML: Driver/library version mismatch', /no graphics processor/],
  ['NVRM: Xid (PCI:0000:3b:00): 79, GPU has fallen off the bus', /the graphics processor failed/],
  ['CUDA_ERROR_ILLEGAL_ADDRESS: an illegal memory access was encountered', /the graphics processor failed/],
] as const;

describe('a device that fails', () => {
  it.each(faults)('%s', (said, cause) => {
    expect(deviceFault(said)).toMatchObject({ exitCode: 5, message: expect.stringMatching(cause) });
  });

  it('is told from a model that fails', () => {
    for (const said of ['Array buffer allocation failed', 'Cannot enlarge memory arrays', 'oops', 'std::bad_alloc'])
      expect(deviceFault(said)).toBeNull();
  });
});

describe('a worker whose device fails', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'parapet-device-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  const started = async (body: string) => {
    const path = join(folder, `${body.length}.mjs`);
    const channel = new URL('./channel.ts', import.meta.url).href;
    await writeFile(
      path,
      `import { openChannel } from ${JSON.stringify(channel)};
      const send = openChannel(({ kind }) => {
        if (kind === 'start') return send({ kind: 'ready', report: null });
        ${body}
      });`,
    );
    return startPool({ backend: 'cpu', sandboxed: false, size: () => 1, script: pathToFileURL(path) });
  };
  const job = {
    key: 'a',
    models: { model: { architecture: 'a', weights: new Uint8Array() }, surrogates: {} },
    classes: 2,
    examples: { x: new Float32Array(2), y: new Int32Array(1), count: 1 },
  };
  const task = { kind: 'predict', x: new Float32Array(2) } as const;

  it.each([
    [
      'throws it',
      (said: string) => `send({ kind: 'failed', error: { kind: null, message: ${JSON.stringify(said)} } });`,
    ],
    ['dies of it', (said: string) => `console.error(${JSON.stringify(said)}); process.exit(134);`],
  ])('and that %s stops the run as infrastructure, not the defense', async (_, body) => {
    for (const [said, cause] of [faults[0], faults[2]] as const) {
      const pool = await started(body(said));
      const error = await pool.run(job, task, [0, 0]).catch((thrown) => thrown);
      pool.close();
      expect(error).toMatchObject({ kind: 'infrastructure', exitCode: 5, message: expect.stringMatching(cause) });
    }
  });
});
