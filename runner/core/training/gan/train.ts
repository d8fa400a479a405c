import * as tf from '@tensorflow/tfjs';
import type { Examples } from '../../datasets/dataset.ts';
import type { Parameter } from '../../models/architecture.ts';
import { exampleRandom } from '../../random.ts';
import { toTensors, zeros } from '../batches.ts';
import { initialWeights } from '../initial-weights.ts';
import type { Weights } from '../state.ts';
import { type GanState, type Moving, runGanEpoch } from './epoch.ts';
import { discriminator, generator, LATENT } from './nets.ts';
import type { GanOptions } from './options.ts';

/** Images that are made after each epoch, always of the same latent vectors. */
export const SAMPLES = 64;

export interface GanInput {
  readonly data: Examples;
  /** Of an image; height and width are multiples of 4. */
  readonly shape: readonly [height: number, width: number, channels: number];
  readonly options: GanOptions;
  readonly seed: number;
  /** Where to go on; from the start when absent. */
  readonly state?: GanState | undefined;
  readonly signal?: AbortSignal;
  readonly onStep?: (epoch: number, done: number, of: number) => void;
  /** Awaited after each epoch, with the state to store and the samples, [SAMPLES, height, width, channels]. */
  readonly onEpoch?: (state: GanState, samples: Float32Array) => Promise<void> | void;
}

/**
 * Trains a generative adversarial net, from the start or from a state.
 * @returns the last state
 * @throws ParapetError 'misbehaved' when a loss or a weight is no longer finite
 */
export async function trainGan(input: GanInput): Promise<GanState> {
  const { shape, options, data, seed, signal, onStep } = input;
  const nets = { generator: generator(shape), discriminator: discriminator(shape) };
  let state = input.state ?? startOf(nets, seed);
  while (state.epoch < options.epochs) {
    const { epoch } = state;
    const told = onStep && ((done: number, of: number) => onStep(epoch, done, of));
    state = await runGanEpoch({ ...nets, options, data, shape, seed, state, signal, onStep: told });
    await input.onEpoch?.(state, await samplesOf(state.average, shape, seed));
  }
  return state;
}

interface Net {
  readonly parameters: readonly Parameter[];
}

function startOf(nets: Record<'generator' | 'discriminator', Net>, seed: number): GanState {
  const moving = (net: Net): Moving => {
    const weights = initialWeights(net, seed);
    return { weights, slots: { velocity: zeros(weights), squares: zeros(weights) } };
  };
  const [made, judge] = [moving(nets.generator), moving(nets.discriminator)];
  return { epoch: 0, generator: made, discriminator: judge, average: made.weights, history: [] };
}

/** What a generator makes of the fixed latent vectors of a seed. */
async function samplesOf(weights: Weights, shape: GanInput['shape'], seed: number): Promise<Float32Array> {
  const { parameters, forward } = generator(shape);
  const rows = Array.from({ length: SAMPLES }, (_, row) => row);
  const images = tf.tidy(() => {
    const tensors = toTensors(parameters, weights);
    const z = tf.tensor2d(exampleRandom(seed, 'gan/samples').normal(rows, 0, LATENT), [SAMPLES, LATENT]);
    return forward(Object.fromEntries(parameters.map(({ name }, i) => [name, tensors[i] as tf.Tensor])), z);
  });
  const pixels = await images.data<'float32'>();
  images.dispose();
  return pixels;
}
