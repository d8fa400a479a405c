/** The nets of an experiment: trained by their recipes, once for each kind of machine, or taken from `submissions/`. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { NetWanted, SubmittedNet, TrainedNet } from '#core/claims/experiment.ts';
import { seen } from '#core/claims/view.ts';
import type { Examples } from '#core/datasets/dataset.ts';
import { digestOf } from '#core/digest.ts';
import { ParapetError } from '#core/errors.ts';
import type { Classifier } from '#core/models/classifier.ts';
import { classifierOf } from '#core/models/index.ts';
import { openSent } from '#core/models/sent-model.ts';
import { decodeWeights } from '#core/models/weights.ts';
import type { BackendReport } from '../backends/index.ts';
import { sha256Of } from './sha256.ts';
import { readSubmission } from './submissions.ts';
import { trainRecipe } from './training.ts';

const submissions = fileURLToPath(new URL('../../submissions/', import.meta.url));

export interface ReadyNet {
  readonly classifier: Classifier;
  /** SHA-256 of its weights as a file. */
  readonly sha256: string;
}

export interface NetContext {
  /** Where trained nets lie, and are looked for. */
  readonly folder: string;
  readonly backend: BackendReport;
  readonly train: Examples & { readonly digest: string };
  /** Height and width of its images. */
  readonly side: number;
  readonly signal?: AbortSignal | undefined;
  readonly onEpoch?: (net: string, epoch: number, epochs: number) => void;
}

/** @throws ParapetError 'integrity' for a file in the folder that is damaged; what training throws */
export async function readyNet(wanted: NetWanted, context: NetContext): Promise<ReadyNet> {
  return 'submission' in wanted ? submitted(wanted) : trained(wanted, context);
}

async function submitted({ submission: id }: SubmittedNet): Promise<ReadyNet> {
  if (!existsSync(join(submissions, id))) {
    throw new ParapetError(
      'usage',
      `claims run: submissions/${id} is not there, and the experiment measures that net`,
      'run it when the submission has been added',
    );
  }
  const { sent, weightsDigest, digest } = await readSubmission(join(submissions, id));
  if (sent === null) {
    throw new ParapetError('submission', `${id}: it has a recipe and no weights`, `train it: train submissions/${id}`);
  }
  return { classifier: await openSent(sent), sha256: weightsDigest ?? digest };
}

/** Where the weights of a net lie that was trained by this recipe, on such a backend. */
function weightsPath(
  { id, architecture, method, seed, options, view }: TrainedNet,
  { folder, backend, train }: NetContext,
): string {
  const { name, threads } = backend;
  const parameters = architecture.parameters.map((parameter) => [parameter.name, parameter.shape]);
  const net = { architecture: architecture.id, parameters, method: method.id, seed, options };
  const key = { ...net, view: view ?? null, data: train.digest, backend: [name, threads] };
  return join(folder, `${id}-${digestOf(key).slice(0, 12)}.safetensors`);
}

async function trained(net: TrainedNet, context: NetContext): Promise<ReadyNet> {
  const { architecture, method, seed, options, view } = net;
  const out = weightsPath(net, context);
  const file = (await stored(out)) ?? (await train());
  const weights = Object.fromEntries(decodeWeights(architecture, file));
  return { classifier: classifierOf(architecture, weights), sha256: sha256Of(file) };

  async function train(): Promise<Uint8Array> {
    const { backend, signal, onEpoch } = context;
    const digest = view === undefined ? context.train.digest : digestOf({ data: context.train.digest, view });
    return trainRecipe({
      architecture,
      method,
      recipe: { seed, options },
      data: { ...seen(context.train, context.side, view), digest },
      backend,
      out,
      resume: true,
      ...(signal && { signal }),
      onEpoch: ({ epoch, epochs }) => onEpoch?.(net.id, epoch, epochs),
    });
  }
}

async function stored(path: string): Promise<Uint8Array | null> {
  return readFile(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
}
