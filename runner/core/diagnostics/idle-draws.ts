import { linesOfOneDraw } from '../suites/resolve.ts';
import type { Diagnostic } from './diagnostic.ts';

/**
 * Attacks that average over draws are fewer and weaker than those on a model that always answers the same. A model whose draws change no
 * answer to a clean image, and its logits by less than a step of 8 bits of the pixels does, has no claim to them: it is as good as fixed.
 * Nobody sees such a step, and no ball of a track is so small; noise below it cannot be what makes a model robust.
 */
export const idleDraws: Diagnostic = ({ probes, suite }) => {
  const { changed, logitDifference = 0, stepDifference = 0 } = probes.repeats ?? {};
  if (changed !== 0 || logitDifference > stepDifference || linesOfOneDraw(suite).length > 0) return null;
  return {
    id: 'idle-draws',
    level: 'warning',
    message:
      'Passes over the same images differ by less than one step of 8 bits of the pixels makes: suites over draws are too weak for this model; read its row on one that is not',
    value: logitDifference,
  };
};
