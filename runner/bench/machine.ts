import { statfs } from 'node:fs/promises';
import { availableParallelism, totalmem } from 'node:os';
import { dirname } from 'node:path';
import { datasets } from '#core/datasets/index.ts';
import { hasGpu, processorName } from '../backends/device.ts';
import { type BackendReport, pickBackend } from '../backends/index.ts';
import { isInstalled } from '../backends/native-files.ts';
import { runTool } from '../backends/tools.ts';
import { cacheDirectory } from '../files/cache.ts';
import { inspectDataset } from '../files/datasets.ts';
import { sandboxHint, sandboxProblem } from '../sandbox/available.ts';
import { controlGroups } from '../sandbox/cgroup.ts';
import { type BenchAnswer, runTask } from './task.ts';

/** A backend as it was found: started in a process of its own, or not there. */
export type BackendState =
  | ({ readonly name: BackendReport['name']; readonly state: 'ready' } & BenchAnswer)
  | {
      readonly name: BackendReport['name'];
      readonly state: 'missing' | 'broken';
      readonly problem: string;
      readonly hint: string;
    };

export interface ToolState {
  readonly name: string;
  readonly purpose: string;
  /** The version that it says it is; null where it is missing. */
  readonly version: string | null;
  readonly hint: string;
}

/** What a machine can do. */
export interface Examination {
  readonly machine: {
    readonly platform: string;
    readonly processor: string;
    readonly threads: number;
    readonly memoryBytes: number;
    readonly node: string;
  };
  readonly cache: { readonly folder: string; readonly freeBytes: number };
  readonly backends: readonly BackendState[];
  /** What `--backend auto` means here. */
  readonly auto: ReturnType<typeof pickBackend>;
  readonly datasets: readonly {
    readonly id: string;
    readonly state: 'ready' | 'missing' | 'damaged';
    readonly folder: string;
  }[];
  readonly tools: readonly ToolState[];
  /** Whether models can be sandboxed: why not, or null; and by whom control groups can be made that hold its limits. */
  readonly sandbox: {
    readonly problem: string | null;
    readonly hint: string;
    readonly controlGroups: 'folder' | 'systemd' | null;
  };
}

export interface ExamineOptions {
  /** Whether to time the backends, which takes some seconds each. */
  readonly speed: boolean;
  readonly progress: (text: string) => void;
}

/** Looks at everything once; what is missing or broken is part of the answer, not an error. */
export async function examine(options: ExamineOptions): Promise<Examination> {
  const folder = cacheDirectory();
  const backends: BackendState[] = [];
  // One after the other: at once they would share the processor.
  for (const name of ['wasm', 'native', 'cuda'] as const) backends.push(await examineBackend(name, options));
  return {
    machine: {
      platform: `${process.platform}-${process.arch}`,
      processor: processorName(),
      threads: availableParallelism(),
      memoryBytes: totalmem(),
      node: process.versions.node,
    },
    cache: { folder, freeBytes: await freeBytes(folder) },
    backends,
    auto: pickBackend('auto'),
    datasets: await Promise.all(
      datasets.map(async ({ id }) => {
        const { folder, whole, damaged, of } = await inspectDataset(id);
        const state = damaged.length > 0 ? 'damaged' : whole === of ? 'ready' : 'missing';
        return { id, state, folder } as const;
      }),
    ),
    tools: await Promise.all(tools.map(examineTool)),
    sandbox: {
      problem: await sandboxProblem(),
      hint: sandboxHint,
      controlGroups: controlGroups()?.by ?? null,
    },
  };
}

async function examineBackend(name: 'wasm' | 'native' | 'cuda', options: ExamineOptions): Promise<BackendState> {
  const flavour = name === 'cuda' ? 'cuda' : 'cpu';
  const command = `npm run -s parapet -- native install${name === 'cuda' ? ' --cuda' : ''}`;
  if (name !== 'wasm' && !isInstalled(flavour)) {
    const problem = name === 'cuda' && !hasGpu() ? 'not installed; no NVIDIA GPU is seen here' : 'not installed';
    return { name, state: 'missing', problem, hint: command };
  }
  options.progress(`Trying ${name}`);
  try {
    const speed = { architecture: 'papernot-mnist', batch: 256, seconds: 1 };
    return { name, state: 'ready', ...(await runTask(options.speed ? { backend: name, speed } : { backend: name })) };
  } catch (error) {
    const hint = name === 'wasm' ? 'npm ci' : command;
    return { name, state: 'broken', problem: (error as Error).message, hint };
  }
}

const tools: readonly (Omit<ToolState, 'version'> & { readonly command: readonly [string, ...string[]] })[] = [
  {
    name: 'python3 with pip',
    purpose: 'downloads TensorFlow for native install',
    command: [process.env.PYTHON || 'python3', '-m', 'pip', '--version'],
    hint: 'sudo apt-get install python3 python3-pip',
  },
  {
    name: 'C++ compiler',
    purpose: 'builds the binding for native install',
    command: [process.env.CXX || 'g++', '--version'],
    hint: 'sudo apt-get install g++',
  },
  {
    name: 'bubblewrap',
    purpose: 'the sandbox, which evaluations require with --publish and under CI',
    command: ['bwrap', '--version'],
    hint: 'sudo apt-get install bubblewrap',
  },
  {
    name: 'git',
    purpose: 'names the commit in a result',
    command: ['git', '--version'],
    hint: 'sudo apt-get install git',
  },
];

async function examineTool({ command, ...tool }: (typeof tools)[number]): Promise<ToolState> {
  const [program, ...args] = command;
  const answer = await runTool(program, args, { hint: tool.hint }).catch(() => null);
  // "pip 23.2.1 from /usr/lib/…" and "g++ (Debian 12.2.0-14) 12.2.0" have the version in the same place: the last number.
  const version = answer
    ?.split('\n')[0]
    ?.split(' from ')[0]
    ?.match(/[0-9][0-9.]*$/)?.[0];
  return { ...tool, version: answer === null ? null : (version ?? 'found') };
}

/** Free bytes where a folder is or would come. */
async function freeBytes(folder: string): Promise<number> {
  for (let path = folder; ; path = dirname(path)) {
    const info = await statfs(path).catch(() => null);
    if (info !== null) return info.bavail * info.bsize;
    if (path === dirname(path)) return 0;
  }
}
