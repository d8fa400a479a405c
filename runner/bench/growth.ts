import { findAttack } from '#core/attacks/index.ts';
import { runAttack } from '#core/attacks/run.ts';
import { loadDataset } from '../files/datasets.ts';
import { benchClassifier } from './classifier.ts';

/** How long one attack takes on a number of images. */
export interface Growth {
  readonly images: number;
  readonly seconds: number;
  /** Gradients of single images that each took on average; those that fall early take fewer. */
  readonly gradientsPerImage: number;
}

/** Images that are attacked together, as in a suite. */
const CHUNK = 250;

/**
 * Times PGD with 10 steps on MNIST, L∞, ε = 0.3, on the first images of the test set. A chunk that does not count comes first.
 * @param weights safetensors of a trained `papernot-mnist`
 */
export async function measureGrowth(images: number, weights: string): Promise<Growth> {
  const classifier = await benchClassifier('papernot-mnist', weights);
  const data = await loadDataset('mnist', 'test', { limit: images });
  const size = data.x.length / images;
  const attackChunk = async (first: number): Promise<number> => {
    const end = Math.min(first + CHUNK, images);
    const { gradientCalls } = await runAttack({
      attack: findAttack('pgd'),
      options: { steps: 10, relativeStepSize: 0.25 },
      classifier,
      x: data.x.slice(first * size, end * size),
      y: data.y.slice(first, end),
      target: null,
      examples: Int32Array.from({ length: end - first }, (_, i) => first + i),
      norm: 'Linf',
      epsilon: 0.3,
      seed: 0,
      stream: 'bench',
    });
    return gradientCalls;
  };
  await attackChunk(0);
  const start = performance.now();
  let gradients = 0;
  for (let first = 0; first < images; first += CHUNK) gradients += await attackChunk(first);
  const seconds = (performance.now() - start) / 1000;
  classifier.dispose();
  return { images, seconds, gradientsPerImage: gradients / images };
}
