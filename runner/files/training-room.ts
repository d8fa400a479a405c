/** Whether there is room for a training run: said before it starts, rather than by a run that dies in its first hour. */
import { lstat, statfs } from 'node:fs/promises';
import { dirname, join, sep } from 'node:path';
import { ParapetError } from '#core/errors.ts';
import type { Architecture } from '#core/models/architecture.ts';
import { bytesOfStep, bytesOfWeights } from '#core/training/memory.ts';
import type { TrainingMethod } from '#core/training/method.ts';
import { optimisers } from '#core/training/optimiser.ts';
import type { DescentOptions } from '#core/training/options.ts';
import { errorCode, fileError } from './file-error.ts';
import { makeFolder } from './make-folder.ts';

/** What is free, in bytes; tests say otherwise. */
export interface Room {
  readonly memory: () => number;
  readonly disk: (folder: string) => Promise<number>;
}

const machine: Room = {
  memory: () => process.availableMemory(),
  async disk(folder) {
    const { bavail, bsize } = await statfs(folder);
    return bavail * bsize;
  },
};

/** The training of one net. */
export interface Run {
  readonly architecture: Architecture;
  readonly method: TrainingMethod;
  readonly options: DescentOptions;
  /** Where the weights go. */
  readonly out: string;
}

/**
 * @param runs of a command, one after another, with all outputs in one folder; their checkpoints stay until the last has ended
 * @throws ParapetError 'usage' when something else than a file is where the weights go; 'infrastructure' when a step needs more memory
 *   than there is, or the checkpoints and the weights more disk
 */
export async function assertRoom(runs: readonly Run[], room: Room = machine): Promise<void> {
  const folder = dirname((runs[0] as Run).out);
  await makeFolder(folder).catch((error) => {
    throw fileError('write', folder, error);
  });
  for (const { out } of runs) await assertReplaceable(out);
  await assertDisk(runs, folder, room);
  for (const run of runs) await assertMemory(run, room);
}

/** Weights are written to a file beside `out` that then takes its place, which only works where there is a file or nothing. */
async function assertReplaceable(out: string): Promise<void> {
  const found = await lstat(out).catch((error) => {
    if (errorCode(error) === 'ENOENT') return null;
    throw fileError('write', out, error);
  });
  const isFolder = found?.isDirectory() || out === '' || out.endsWith('/') || out.endsWith(sep);
  if (!isFolder && (found === null || found.isFile())) return;
  throw new ParapetError(
    'usage',
    `--out: '${out}' is ${isFolder ? 'a folder' : 'a link or a device'}; wanted the name of a file`,
    `such as ${join(isFolder ? out : dirname(out), 'weights.safetensors')}`,
  );
}

async function assertDisk(runs: readonly Run[], folder: string, room: Room): Promise<void> {
  const nets = runs.map(({ architecture, method, options }) => {
    const bytes = bytesOfWeights(architecture);
    // Weights, their mean, the best ones and each phase's.
    const copies = optimisers[options.optimiser].slots.length + 3 + method.phases(options).length;
    return { bytes, checkpoint: copies * bytes };
  });
  // A checkpoint is written beside the one before it.
  const disk =
    nets.reduce((sum, { bytes, checkpoint }) => sum + checkpoint + bytes, 0) +
    Math.max(...nets.map(({ checkpoint }) => checkpoint));
  const free = await room.disk(folder);
  if (free >= disk) return;
  throw new ParapetError(
    'infrastructure',
    `training: checkpoints and weights take up to ${megabytes(disk)}, and the disk of ${folder} has ${megabytes(free)} left`,
    'make room, or put the weights on another disk with --out',
  );
}

async function assertMemory({ architecture, method, options }: Run, room: Room): Promise<void> {
  const memory = await bytesOfStep(architecture, method, options);
  const available = room.memory();
  if (available >= memory) return;
  throw new ParapetError(
    'infrastructure',
    `training: a step of ${options.batchSize} images takes at least ${megabytes(memory)} of memory, and ${megabytes(available)} are free`,
    'close other programs, or lower recipe.options.batchSize, which changes the weights',
  );
}

function megabytes(bytes: number): string {
  return `${Math.ceil(bytes / 1e6).toLocaleString('en')} MB`;
}
