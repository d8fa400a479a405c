import { type FoolingImages, type FoolingRequest, imageSize, probabilities } from './fooling.ts';

/** What is evolved, and how an image comes of it. */
export interface Species<Genome> {
  /** The genome that a class begins with. */
  first(slot: number): Genome;
  /** A changed copy. */
  child(parent: Genome, generation: number, slot: number): Genome;
  /** Writes its image, values in [0, 1]. */
  draw(genome: Genome, into: Float32Array): void;
}

/**
 * Evolution with a champion for each class (MAP-Elites): the genome whose image the model has been surest is of it. In each generation one
 * child per class is made, of the champion of a class drawn at random, and takes the place of every champion whose class it wins.
 *
 * Source: Nguyen et al., CVPR 2015, https://arxiv.org/abs/1412.1897, §2.2. The number of children a generation is ours.
 * @param choose uniform numbers in [0, 1), one per class: whose child each is
 */
export async function evolve<Genome>(
  { classifier, onRound }: FoolingRequest,
  generations: number,
  species: Species<Genome>,
  choose: (generation: number) => Float32Array,
): Promise<FoolingImages> {
  const { classes } = classifier;
  const size = imageSize(classifier);
  const images = new Float32Array(classes * size);
  const confidences = new Float64Array(classes).fill(-1);
  let champions: Genome[] = [];
  for (let generation = 0; generation <= generations; generation++) {
    const parents = generation === 0 ? null : choose(generation);
    const candidates = Array.from(confidences, (_, slot) => {
      if (parents === null) return species.first(slot);
      const parent = champions[Math.floor((parents[slot] as number) * classes)] as Genome;
      return species.child(parent, generation, slot);
    });
    if (parents === null) champions = [...candidates];
    const drawn = new Float32Array(images.length);
    for (const [i, genome] of candidates.entries()) species.draw(genome, drawn.subarray(i * size, (i + 1) * size));
    const probability = await probabilities(classifier, drawn);
    for (const [i, genome] of candidates.entries()) {
      for (let c = 0; c < classes; c++) {
        const confidence = probability[i * classes + c] as number;
        if (!(confidence > (confidences[c] as number))) continue;
        confidences[c] = confidence;
        champions[c] = genome;
        images.set(drawn.subarray(i * size, (i + 1) * size), c * size);
      }
    }
    await onRound?.(confidences);
  }
  return { images, confidences, queries: classes * (generations + 1) };
}
