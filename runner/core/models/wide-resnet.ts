/**
 * WRN-28-10 for 32×32 images: three stages of four pre-activation blocks with 160, 320 and 640 channels, the mean of each map, one fully
 * connected layer. Where a block changes the number of channels, its 1×1 convolution works on what the first ReLU gives.
 *
 * Source: Zagoruyko and Komodakis, "Wide Residual Networks", BMVC 2016, https://arxiv.org/abs/1605.07146, §2, under the names of
 * https://github.com/yaodongyu/TRADES, models/wideresnet.py, which RobustBench shares. TRADES's files also hold a `sub_block1` that its
 * net never runs.
 */
import * as tf from '@tensorflow/tfjs';
import type { Architecture, NamedTensors } from './architecture.ts';
import { connect, convolve, convolveRelu, normaliseRelu, poolGlobally } from './forward.ts';
import { batchNorm, convolution, type Layer, linear, pytorch } from './pytorch.ts';
import type { Block } from './residual-blocks.ts';

const CLASSES = 10;
const DEPTH = 28;
const STEM = 16;
const WIDTHS = [160, 320, 640] as const;
const BLOCKS = (DEPTH - 4) / 6;

const blocks = WIDTHS.flatMap((outputs, stage) =>
  Array.from({ length: BLOCKS }, (_, i): Block => {
    const name = `block${stage + 1}.layer.${i}`;
    if (i > 0) return { name, inputs: outputs, outputs, stride: 1 };
    return { name, inputs: WIDTHS[stage - 1] ?? STEM, outputs, stride: stage === 0 ? 1 : 2 };
  }),
);

function layersOf({ name, inputs, outputs }: Block): Layer[] {
  return [
    batchNorm(`${name}.bn1`, inputs),
    convolution(`${name}.conv1`, inputs, outputs, 3, { bias: false, norm: `${name}.bn2` }),
    convolution(`${name}.conv2`, outputs, outputs, 3, { bias: false }),
    ...(inputs === outputs ? [] : [convolution(`${name}.convShortcut`, inputs, outputs, 1, { bias: false })]),
  ];
}

function residual(weights: NamedTensors, { name, inputs, outputs, stride }: Block, x: tf.Tensor4D): tf.Tensor4D {
  const active = normaliseRelu(weights, `${name}.bn1`, x);
  const inner = convolve(weights, `${name}.conv2`, convolveRelu(weights, `${name}.conv1`, active, stride));
  return tf.add(inner, inputs === outputs ? x : convolve(weights, `${name}.convShortcut`, active, stride));
}

export const wideResnet2810Cifar10: Architecture = {
  id: 'wrn-28-10-cifar10',
  name: 'WRN-28-10 for CIFAR-10',
  paper: 'https://arxiv.org/abs/1605.07146',
  inputShape: [32, 32, 3],
  classes: CLASSES,
  ...pytorch(
    [
      convolution('conv1', 3, STEM, 3, { bias: false }),
      ...blocks.flatMap(layersOf),
      batchNorm('bn1', WIDTHS[2]),
      linear('fc', WIDTHS[2], CLASSES),
    ],
    (name) => (name.startsWith('sub_block1.') ? null : name),
  ),
  forward(weights, x) {
    let maps = convolve(weights, 'conv1', x);
    for (const block of blocks) maps = residual(weights, block, maps);
    return connect(weights, 'fc', poolGlobally(normaliseRelu(weights, 'bn1', maps)));
  },
};
