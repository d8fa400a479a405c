/** A net and a problem on which a training run takes milliseconds. */
import type { Examples } from '../datasets/dataset.ts';
import type { Architecture } from '../models/architecture.ts';
import { sequential } from '../models/sequential.ts';
import { exampleRandom } from '../random.ts';

/** Four pixels, eight hidden units, two classes. */
export const tinyNet: Architecture = {
  id: 'tiny',
  name: 'Tiny',
  paper: 'https://example.org',
  inputShape: [2, 2, 1],
  classes: 2,
  parameters: [
    { name: 'fc1.weight', shape: [4, 8], fan: { in: 4, out: 8 } },
    { name: 'fc1.bias', shape: [8], fan: null },
    { name: 'fc2.weight', shape: [8, 2], fan: { in: 8, out: 2 } },
    { name: 'fc2.bias', shape: [2], fan: null },
  ],
  ...sequential([
    { kind: 'linear', name: 'fc1', relu: true, dropped: true },
    { kind: 'linear', name: 'fc2' },
  ]),
};

/** Scores x · W of four pixels, with weights that a test chooses: losses and worst images are known in closed form. */
export const linearNet: Architecture = {
  ...tinyNet,
  id: 'linear',
  parameters: [
    { name: 'fc.weight', shape: [4, 2], fan: { in: 4, out: 2 } },
    { name: 'fc.bias', shape: [2], fan: null },
  ],
  ...sequential([{ kind: 'linear', name: 'fc' }]),
};

/** Random images; class 1 where the first pixel is brighter than the second. */
export function separable(count: number, seed = 1): Examples {
  const rows = Array.from({ length: count }, (_, i) => i);
  const x = exampleRandom(seed, 'data').uniform(rows, 0, 4);
  return { x, y: Int32Array.from(rows, (i) => ((x[4 * i] as number) > (x[4 * i + 1] as number) ? 1 : 0)), count };
}
