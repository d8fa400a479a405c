/**
 * The distance of an image to the nearest class boundary of a net that is linear in the pixels, such as softmax regression.
 *
 * Between the right class y and another one j the boundary is the hyperplane (w_y − w_j) · x + b_y − b_j = 0. The nearest image on it that
 * lies within the pixel range is known in closed form in every norm: L∞, L2 and L1 as `attacks/shared/hyperplane.ts` has it; L0 by changing
 * the values that close most of the gap. The radius is the least over all j.
 *
 * It is computed in float64 from the float32 weights, and holds for scores that are computed in float32, in any order of summation: of the
 * gap is taken off what these can be off by, γ_k · Σ |w| |x| for each score, γ_k = k u / (1 − k u), u = 2⁻²⁴, k a little more than the terms.
 *
 * Source of the bound on rounding: Higham, "Accuracy and Stability of Numerical Algorithms", 2nd edition, 2002, §3.1.
 */
import { z } from 'zod';
import { hyperplaneProjector } from '../attacks/shared/hyperplane.ts';
import { ParapetError } from '../errors.ts';
import type { Architecture } from '../models/architecture.ts';
import type { SequentialLayer } from '../models/sequential.ts';
import { BALL_TOLERANCE, type Norm } from '../projections.ts';
import type { Certificate } from './certificate.ts';
import { boundableLayers } from './shared/box.ts';
import { type Layers, layersMistake, withLayers } from './shared/layers.ts';

const optionsSchema = z.strictObject({});

/** Roundings of a score besides one for each pixel: of the preprocessing, the weights' differences and the bias. */
const MORE_ROUNDINGS = 16;

/** Of the radius, for the float64 that it is computed in. */
const ROUNDED_DOWN = 1 - 1e-9;

export const linear: Certificate<typeof optionsSchema> = {
  id: 'linear',
  name: 'Exact distance of a linear net',
  paper: 'https://doi.org/10.1201/9780203753736',
  description: 'The distance to the nearest class boundary of a net that is linear in the pixels.',
  norms: ['Linf', 'L2', 'L1', 'L0'],
  holds: 'proof',
  optionsSchema,
  chunk: 100,
  checked: 20,
  numbers: ['radius'],
  cost: () => 1,
  refuses: (submission) => layersMistake('linear', onlyLayer, submission),
  measure: ({ submission, x, y, norm, spent }) =>
    withLayers(submission, onlyLayer, async (layers) => {
      const net = await inPixels(layers, submission.form.inputShape[2]);
      const size = x.length / y.length;
      const distance = distanceIn(norm, size);
      const radii = Float64Array.from(y, (label, i) => {
        return ROUNDED_DOWN * radiusOf(net, x.subarray(i * size, (i + 1) * size), label, distance);
      });
      spent?.(y.length);
      return radii;
    }),
  certifies: ([radius = 0], _, { epsilon }) => radius > epsilon * (1 + BALL_TOLERANCE),
  radius: ([radius = 0]) => radius,
  agrees: ([recorded = 0], [again = 0]) => Math.abs(recorded - again) <= 1e-9 * recorded,
};

/** @throws ParapetError 'submission' that names the layer that is too many */
function onlyLayer(architecture: Architecture): readonly SequentialLayer[] {
  const layers = boundableLayers(architecture);
  const [first] = layers;
  if (layers.length === 1) return layers;
  throw new ParapetError(
    'submission',
    `model.architecture: ${architecture.id} has ReLU after ${first?.name}; wanted one fully connected layer and nothing else`,
    'name softmax-regression-mnist or softmax-regression-cifar10, or certify it by crown or ibp',
  );
}

/** Scores as they are linear in the pixels: weights · x + bias. */
interface LinearNet {
  readonly classes: number;
  /** [class][pixel] */
  readonly weights: readonly Float64Array[];
  readonly bias: Float64Array;
  /** How far each score computed in float32 may be from this one, anywhere in the pixel range. */
  readonly rounding: Float64Array;
}

async function inPixels({ layers, weights, classes, preprocessing }: Layers, channels: number): Promise<LinearNet> {
  const { name } = layers[0] as SequentialLayer;
  const read = (part: string) => weights[`${name}.${part}`]?.data<'float32'>() ?? Promise.resolve(new Float32Array());
  const [matrix, bias] = [await read('weight'), Float64Array.from(await read('bias'))];
  const size = matrix.length / classes;
  const terms = (size + MORE_ROUNDINGS) * 2 ** -24;
  const rounding = new Float64Array(classes);
  const rows = Array.from({ length: classes }, (_, k) => {
    const row = new Float64Array(size);
    let sum = Math.abs(bias[k] as number);
    for (let i = 0; i < size; i++) {
      const mean = preprocessing?.mean[i % channels] ?? 0;
      const weight = (matrix[i * classes + k] as number) / (preprocessing?.std[i % channels] ?? 1);
      row[i] = weight;
      bias[k] = (bias[k] as number) - weight * mean;
      sum += Math.abs(weight) * (Math.abs(mean) + 1);
    }
    rounding[k] = (terms / (1 - terms)) * sum;
    return row;
  });
  return { classes, weights: rows, bias, rounding };
}

/** Distance of an image to the nearest image of another class; 0 for one that is wrong, or right by less than rounding. */
function radiusOf({ classes, weights, bias, rounding }: LinearNet, x: Float32Array, label: number, distance: Distance) {
  const right = weights[label] as Float64Array;
  const normal = new Float32Array(x.length);
  let radius = Number.POSITIVE_INFINITY;
  for (let k = 0; k < classes; k++) {
    if (k === label) continue;
    const other = weights[k] as Float64Array;
    let gap = (bias[label] as number) - (bias[k] as number) - (rounding[label] as number) - (rounding[k] as number);
    for (let i = 0; i < x.length; i++) {
      const slope = (right[i] as number) - (other[i] as number);
      normal[i] = slope;
      gap += slope * (x[i] as number);
    }
    radius = Math.min(radius, gap > 0 ? distance(x, normal, gap) : 0);
  }
  return radius;
}

/** Smallest change of an image that takes its score `gap` down along a normal; the whole range where none within it does. */
type Distance = (x: Float32Array, normal: Float32Array, gap: number) => number;

function distanceIn(norm: Norm, size: number): Distance {
  // No two images are farther apart.
  const diameter = { Linf: 1, L2: Math.sqrt(size), L1: size, L0: size }[norm];
  const change = new Float64Array(size);
  const project = norm === 'L0' ? null : hyperplaneProjector(size, norm);
  const gains = new Float64Array(size);
  return (x, normal, gap) => {
    let reachable = 0;
    for (let i = 0; i < size; i++) {
      const slope = normal[i] as number;
      gains[i] = slope > 0 ? slope * (x[i] as number) : -slope * (1 - (x[i] as number));
      reachable += gains[i] as number;
    }
    if (reachable < gap) return diameter;
    return project === null ? changesNeeded(gains, gap) : project(x, normal, gap, change);
  };
}

/** How many values have to change, those first that close most of the gap. */
function changesNeeded(gains: Float64Array, gap: number): number {
  const falling = gains.slice().sort().reverse();
  let left = gap;
  for (const [changed, gain] of falling.entries()) {
    left -= gain;
    if (left <= 0) return changed + 1;
  }
  return falling.length;
}
