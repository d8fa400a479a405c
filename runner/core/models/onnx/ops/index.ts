/** Every operator of ONNX that a model may use. */
import type { Op } from '../op.ts';
import { activations } from './activation.ts';
import { convolutions } from './convolution.ts';
import { elementwise } from './elementwise.ts';
import { linear } from './linear.ts';
import { ml } from './ml.ts';
import { normalizations } from './normalization.ts';
import { pools } from './pooling.ts';
import { reductionOps } from './reduction.ts';
import { resizings } from './resizing.ts';
import { selections } from './selection.ts';
import { shapes } from './shape.ts';
import { sources } from './source.ts';

export const ops: readonly Op[] = [
  ...elementwise,
  ...activations,
  ...convolutions,
  ...pools,
  ...normalizations,
  ...linear,
  ...reductionOps,
  ...sources,
  ...shapes,
  ...selections,
  ...resizings,
  ...ml,
];

export function findOp(domain: string, type: string): Op | undefined {
  return ops.find((op) => op.type === type && op.domain === domain);
}
