import { findAttack } from '#core/attacks/index.ts';
import { runAttack } from '#core/attacks/run.ts';
import { loadDataset } from '../files/datasets.ts';
import { benchClassifier } from './classifier.ts';

export interface JsmaSpeed {
  readonly on: 'probabilities' | 'logits';
  /** Whether the weights were trained; how many steps a pair takes depends on it. */
  readonly trained: boolean;
  readonly pairs: number;
  readonly successRate: number;
  readonly pairsPerSecond: number;
  /** Gradients of single images that the pairs took together, on average. */
  readonly gradientsPerPair: number;
}

/**
 * Times Papernot's targeted attack at 14.5 % of an MNIST image: each image towards each of the nine other classes.
 * @param images how many images from the start of the test set
 * @param weights safetensors of a trained `papernot-mnist`; random weights without
 */
export async function measureJsma(on: JsmaSpeed['on'], images: number, weights?: string): Promise<JsmaSpeed> {
  const classifier = await benchClassifier('papernot-mnist', weights);
  const data = await loadDataset('mnist', 'test', { limit: images });
  const size = data.x.length / images;
  const pairs = Array.from({ length: images * 9 }, (_, i) => {
    const image = Math.floor(i / 9);
    const label = data.y[image] as number;
    return { image, label, target: (label + 1 + (i % 9)) % 10 };
  });
  const x = new Float32Array(pairs.length * size);
  for (const [i, { image }] of pairs.entries()) x.set(data.x.subarray(image * size, (image + 1) * size), i * size);
  const run = () =>
    runAttack({
      attack: findAttack('jsma'),
      options: { on, maxFeatures: 112 },
      classifier,
      x,
      y: Int32Array.from(pairs, ({ label }) => label),
      target: Int32Array.from(pairs, ({ target }) => target),
      examples: Int32Array.from(pairs, ({ image }) => image),
      norm: 'L0',
      epsilon: 112,
      seed: 0,
      stream: 'bench',
    });
  const start = performance.now();
  const outcome = await run();
  const seconds = (performance.now() - start) / 1000;
  classifier.dispose();
  return {
    on,
    trained: weights !== undefined,
    pairs: pairs.length,
    successRate: outcome.success.reduce((sum, won) => sum + won, 0) / pairs.length,
    pairsPerSecond: pairs.length / seconds,
    gradientsPerPair: outcome.gradientCalls / pairs.length,
  };
}
