import { exampleRandom } from '../random.ts';
import { evolve } from './elites.ts';
import type { FoolingImages, FoolingRequest } from './fooling.ts';
import { drawNetwork, firstNetwork, mutatedNetwork, type PatternNetwork } from './pattern-network.ts';

/** Numbers drawn at a time. */
const BLOCK = 64;
/** Blocks that one child may use up. */
const BLOCKS = 1024;

/**
 * Fooling images by evolution of compositional pattern-producing networks (CPPNs), which draw regular shapes: bands, rings, repetitions. Networks start
 * without nodes of their own and gain them.
 *
 * Source: Nguyen et al., CVPR 2015, https://arxiv.org/abs/1412.1897, §2.2; networks: Stanley, "Compositional pattern producing networks",
 * 2007, https://doi.org/10.1007/s10710-007-9028-8. The paper breeds them by NEAT with crossing; here children have one parent, and the chances
 * of each change are ours.
 */
export function indirectEncoding(request: FoolingRequest, generations = 200): Promise<FoolingImages> {
  const { inputShape, classes } = request.classifier;
  const random = exampleRandom(request.seed, 'fooling/indirect-encoding');
  const parents = exampleRandom(request.seed, 'fooling/indirect-encoding/parents');
  const slots = Array.from({ length: classes }, (_, c) => c);

  function uniforms(slot: number, generation: number) {
    let used = 0;
    let block: Float32Array = new Float32Array();
    return () => {
      if (used % BLOCK === 0) block = random.uniform([slot], generation * BLOCKS + used / BLOCK, BLOCK);
      return block[used++ % BLOCK] as number;
    };
  }

  return evolve<PatternNetwork>(
    request,
    generations,
    {
      first: (slot) => firstNetwork(inputShape[2], uniforms(slot, 0)),
      child: (parent, generation, slot) => mutatedNetwork(parent, inputShape[2], uniforms(slot, generation)),
      draw: (network, into) => drawNetwork(network, inputShape, into),
    },
    (generation) => parents.uniform(slots, generation, 1),
  );
}
