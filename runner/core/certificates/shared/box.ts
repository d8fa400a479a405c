import type * as tf from '@tensorflow/tfjs';
import { ParapetError } from '../../errors.ts';
import type { Architecture } from '../../models/architecture.ts';
import type { SequentialLayer } from '../../models/sequential.ts';

/** Two tensors of one shape, the first at most the second: what lies between them, value by value. */
export interface Box<T extends tf.Tensor = tf.Tensor> {
  readonly lower: T;
  readonly upper: T;
}

/**
 * The layers of an architecture that can be bounded.
 * @throws ParapetError 'submission' for one that is not a chain of convolutions, ReLU, max-pooling and fully connected layers
 */
export function boundableLayers({ id, layers }: Architecture): readonly SequentialLayer[] {
  if (layers !== undefined) return layers;
  throw new ParapetError(
    'submission',
    `model.architecture: ${id} cannot be bounded; wanted a chain of convolutions, ReLU, max-pooling and fully connected layers`,
    'name one that is, such as gowal-small-mnist (docs/architectures.md)',
  );
}
