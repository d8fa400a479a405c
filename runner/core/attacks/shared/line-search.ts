import { type Asking, type Searched, SLICE } from './label-search.ts';
import { towards } from './towards.ts';

/**
 * Goes from x along a straight line to another image in equal steps, until an image is adversarial. Unlike a binary search it
 * finds the first such image, whatever lies beyond it. One step is asked about, then as many as so far.
 * @param steps number of steps; the last one is at `end`
 * @returns whether there was one
 */
export function* alongLine({ x }: Searched, end: Float32Array, steps: number): Asking<boolean> {
  const size = x.length;
  for (let taken = 0; taken < steps; ) {
    const count = Math.min(SLICE, Math.max(1, taken), steps - taken);
    const images = new Float32Array(count * size);
    for (let i = 0; i < count; i++) images.set(towards(x, end, 'L2', (taken + i + 1) / steps), i * size);
    const answer = yield images;
    if (answer.includes(1)) return true;
    taken += count;
  }
  return false;
}
