/** Nets that are bounded layer by layer: which submissions have one, and its weights. */
import * as tf from '@tensorflow/tfjs';
import { ParapetError } from '../../errors.ts';
import { type Architecture, type NamedTensors, opened } from '../../models/architecture.ts';
import { architectures, findArchitecture } from '../../models/index.ts';
import type { SequentialLayer } from '../../models/sequential.ts';
import { decodeWeights } from '../../models/weights.ts';
import { modelsOf, type Submission } from '../../submission.ts';
import type { Mistake } from '../../submission-mistakes.ts';
import type { Preprocessing } from '../../submission-models.ts';
import type { CertifyContext } from '../certificate.ts';

/** The layers of an architecture, or a ParapetError 'submission' that says why they cannot be bounded. */
export type LayersOf = (architecture: Architecture) => readonly SequentialLayer[];

/** What is wrong with a submission that is to be bounded layer by layer; null when it can be. */
export function layersMistake(method: string, layersOf: LayersOf, submission: Submission): Mistake | null {
  const path = ['certificate', 'method'];
  const [model, ...others] = modelsOf(submission);
  const say = (message: string): Mistake => ({ path, message });
  if (others.length > 0) return say(`${method} bounds one net; models names ${others.length + 1}`);
  if (submission.defenses.length > 0) {
    const named = submission.defenses.map(({ id }) => id).join(', ');
    return say(`${method} bounds a net by itself; defenses names ${named}`);
  }
  if (model?.format !== 'safetensors') {
    return say(`${method} cannot bound a graph (model.format ${model?.format}); wanted safetensors of an architecture`);
  }
  const architecture = architectures.find(({ id }) => id === model.architecture);
  if (architecture === undefined) return null;
  try {
    layersOf(architecture);
    return null;
  } catch (error) {
    return say(`${method} cannot bound ${architecture.id}: ${(error as Error).message}`);
  }
}

/** The layers of a net with their weights, and what is done to images before them. */
export interface Layers {
  readonly layers: readonly SequentialLayer[];
  /** What `prepared` gives. */
  readonly weights: NamedTensors;
  readonly classes: number;
  readonly preprocessing: Preprocessing | undefined;
}

/**
 * Opens the net of a submission, has `body` work on it, and frees its weights.
 * @throws ParapetError 'submission' for one that cannot be bounded, or weights that do not fit
 */
export async function withLayers<T>(
  { models, defenses, files }: CertifyContext['submission'],
  layersOf: LayersOf,
  body: (layers: Layers) => Promise<T>,
): Promise<T> {
  const [model] = models;
  if (models.length !== 1 || defenses.length > 0 || model?.format !== 'safetensors') {
    throw new ParapetError('submission', 'certificate: wanted one net of an architecture, without defenses');
  }
  const architecture = findArchitecture(model.architecture);
  const layers = layersOf(architecture);
  const values = decodeWeights(architecture, files[model.file ?? ''] ?? new Uint8Array());
  const weights = opened(architecture, Object.fromEntries(values));
  try {
    return await body({ layers, weights, classes: architecture.classes, preprocessing: model.preprocessing });
  } finally {
    tf.dispose(weights);
  }
}
