import { exampleRandom } from '../random.ts';
import { evolve } from './elites.ts';
import { type FoolingImages, type FoolingRequest, imageSize } from './fooling.ts';

export interface DirectEncodingOptions {
  /** Each has one child for every class. */
  readonly generations: number;
  /** Chance that a pixel of a child changes, at first. */
  readonly mutationRate: number;
  /** Generations after which that chance is halved, again and again. */
  readonly halfLife: number;
  /** Shape of the polynomial mutation (η): the larger, the smaller the changes. */
  readonly strength: number;
}

/** The paper's settings. */
export const directEncodingDefaults: DirectEncodingOptions = {
  generations: 200,
  mutationRate: 0.1,
  halfLife: 1000,
  strength: 15,
};

/** Draws of a generation: parents, which pixels change, and by how much. */
const DRAWS = 3;

/**
 * Fooling images by evolution of their pixels. What looks like noise to us comes out.
 *
 * Source: Nguyen et al., CVPR 2015, https://arxiv.org/abs/1412.1897, §2.2: uniform noise to begin with, each pixel changed with
 * a chance of 0.1 that is halved every 1,000 generations, by polynomial mutation of strength 15.
 */
export function directEncoding(
  request: FoolingRequest,
  options: DirectEncodingOptions = directEncodingDefaults,
): Promise<FoolingImages> {
  const size = imageSize(request.classifier);
  const random = exampleRandom(request.seed, 'fooling/direct-encoding');
  const slots = Array.from({ length: request.classifier.classes }, (_, c) => c);
  return evolve<Float32Array>(
    request,
    options.generations,
    {
      first: (slot) => random.uniform([slot], 0, size),
      child(parent, generation, slot) {
        const chances = random.uniform([slot], generation * DRAWS + 1, size);
        const changes = random.uniform([slot], generation * DRAWS + 2, size);
        const rate = options.mutationRate * 0.5 ** Math.floor((generation - 1) / options.halfLife);
        return parent.map((value, i) =>
          (chances[i] as number) < rate ? mutated(value, changes[i] as number, options.strength) : value,
        );
      },
      draw: (pixels, into) => into.set(pixels),
    },
    (generation) => random.uniform(slots, generation * DRAWS, 1),
  );
}

/**
 * Polynomial mutation of a pixel.
 *
 * Source: Deb & Goyal, "A combined genetic adaptive search (GeneAS) for engineering design", 1996.
 * @param u uniform in [0, 1)
 */
function mutated(value: number, u: number, strength: number): number {
  const power = 1 / (strength + 1);
  const change = u < 0.5 ? (2 * u) ** power - 1 : 1 - (2 * (1 - u)) ** power;
  return Math.min(1, Math.max(0, value + change));
}
