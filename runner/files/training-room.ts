/** Whether there is room for a training run: said before it starts, rather than by a run that dies in its first hour. */
import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ParapetError } from '#core/errors.ts';
import type { Architecture } from '#core/models/architecture.ts';
import { bytesOfStep, bytesOfWeights } from '#core/training/memory.ts';
import type { TrainingMethod } from '#core/training/method.ts';
import { optimisers } from '#core/training/optimiser.ts';
import type { DescentOptions } from '#core/training/options.ts';
import { fileError } from './file-error.ts';
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

interface Run {
  readonly architecture: Architecture;
  readonly method: TrainingMethod;
  readonly options: DescentOptions;
  /** Where the weights go. */
  readonly out: string;
}

/** @throws ParapetError 'infrastructure' when a step needs more memory than there is, or the checkpoints and the weights more disk */
export async function assertRoom({ architecture, method, options, out }: Run, room: Room = machine): Promise<void> {
  const folder = dirname(out);
  await makeFolder(folder).catch((error) => {
    throw fileError('write', folder, error);
  });
  // Weights, their mean, the best ones and each phase's; a checkpoint is written beside the one before it.
  const copies = optimisers[options.optimiser].slots.length + 3 + method.phases(options).length;
  const disk = (2 * copies + 1) * bytesOfWeights(architecture);
  const free = await room.disk(folder);
  if (free < disk) {
    throw new ParapetError(
      'infrastructure',
      `training: checkpoints and weights take up to ${megabytes(disk)}, and the disk of ${folder} has ${megabytes(free)} left`,
      'make room, or put the weights on another disk with --out',
    );
  }
  const memory = await bytesOfStep(architecture, method, options);
  const available = room.memory();
  if (available < memory) {
    throw new ParapetError(
      'infrastructure',
      `training: a step of ${options.batchSize} images takes at least ${megabytes(memory)} of memory, and ${megabytes(available)} are free`,
      'close other programs, or lower recipe.options.batchSize, which changes the weights',
    );
  }
}

function megabytes(bytes: number): string {
  return `${Math.ceil(bytes / 1e6).toLocaleString('en')} MB`;
}
