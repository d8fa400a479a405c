import { expect, test } from 'vitest';
import { startBackend } from '../backends/index.ts';
import { needsNative } from '../backends/testing.ts';
import { benchClassifier, forwardOperations } from './classifier.ts';
import { type Examination, examine } from './machine.ts';
import { describeExamination } from './machine-text.ts';

const report = {
  name: 'wasm',
  device: 'Processor X',
  versions: { tfjs: '4.22.0' },
  precision: 'float32',
  denormals: 'kept',
  threads: 1,
} as const;

const madeUp: Examination = {
  machine: { platform: 'linux-x64', processor: 'Processor X', threads: 2, memoryBytes: 8e9, node: '22.23.3' },
  cache: { folder: '/cache', freeBytes: 5e9 },
  backends: [
    { name: 'wasm', state: 'ready', report, memoryBytes: 1e8 },
    { name: 'native', state: 'broken', problem: 'libtensorflow_cc.so.2: no such file', hint: 'native install' },
  ],
  auto: { name: 'wasm', reason: 'native TensorFlow is not installed' },
  datasets: [{ id: 'mnist', state: 'damaged', folder: '/cache/data/mnist' }],
  tools: [{ name: 'C++ compiler', purpose: 'builds the binding', version: null, hint: 'sudo apt-get install g++' }],
  sandbox: { problem: 'user namespaces are forbidden', hint: 'allow them', controlGroups: null },
};

test('the text says what is there, what is missing and how to get it', () => {
  const text = describeExamination(madeUp);
  expect(text).toContain('ready on Processor X, 1 thread; tfjs 4.22.0\n           float32, denormals kept');
  const advice = text.slice(text.indexOf('To get what is missing'));
  expect(advice).toContain('native (libtensorflow_cc.so.2: no such file): native install');
  expect(advice).toContain('mnist (damaged): npm run -s parapet -- data fetch mnist');
  expect(text).toContain('sandbox    does not work: user namespaces are forbidden');
  expect(text).toContain('limits     memory and threads are watched ten times a second');
  expect(advice).toContain('sandbox (user namespaces are forbidden): allow them');
  expect(advice).toContain('C++ compiler (builds the binding): sudo apt-get install g++');
});

test('nothing missing, no advice', () => {
  const sandbox = { problem: null, hint: '', controlGroups: 'systemd' } as const;
  const text = describeExamination({ ...madeUp, backends: [], datasets: [], tools: [], sandbox });
  expect(text).not.toContain('missing');
  expect(text).toContain(
    'limits     memory and threads are held by the kernel: control groups (cgroup v2) of systemd-run',
  );
  expect(text).toContain('sandbox    works');
});

test('this machine has wasm', async () => {
  const { backends, machine } = await examine({ speed: false, progress: () => {} });
  const wasm = backends.find(({ name }) => name === 'wasm');
  expect(wasm).toMatchObject({ state: 'ready', report: { name: 'wasm', precision: 'float32' } });
  expect(machine.node).toBe(process.versions.node);
});

test.for(['wasm', 'native'] as const)(
  'on %s operations are two for each weight at each place',
  async (backend, context) => {
    if (backend === 'native') needsNative(context);
    await startBackend(backend);
    const classifier = await benchClassifier('papernot-mnist');
    const convolutions = 26 * 26 * 32 * 9 + 24 * 24 * 32 * 288 + 10 * 10 * 64 * 288 + 8 * 8 * 64 * 576;
    expect(await forwardOperations(classifier)).toBe(2 * (convolutions + 1024 * 200 + 200 * 200 + 200 * 10));
    classifier.dispose();
  },
);
