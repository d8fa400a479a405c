/**
 * A small vision transformer for 32×32 images: 64 patches of 4×4 and a class token, twelve blocks of width 192 with three heads, and one
 * fully connected layer on the class token. DeiT-Ti with the patches made small enough for the images.
 *
 * Source: Dosovitskiy et al., "An Image is Worth 16x16 Words", ICLR 2021, https://arxiv.org/abs/2010.11929, §3.1; widths: Touvron et al.,
 * "Training data-efficient image transformers", ICML 2021, https://arxiv.org/abs/2012.12877, table 1; names and the 1e-6 of the layer
 * normalisation: https://github.com/huggingface/pytorch-image-models, vision_transformer.py.
 */
import * as tf from '@tensorflow/tfjs';
import type { Architecture, NamedTensors } from './architecture.ts';
import { gelu } from './error-function.ts';
import { connect } from './forward.ts';
import { convolution, type Layer, linear, plain, pytorch } from './pytorch.ts';

const CLASSES = 10;
const PATCH = 4;
const TOKENS = (32 / PATCH) ** 2 + 1;
const WIDTH = 192;
const HEADS = 3;
const HEAD = WIDTH / HEADS;
const EPSILON = 1e-6;

const blocks = Array.from({ length: 12 }, (_, i) => `blocks.${i}`);

function layerNorm(name: string): Layer[] {
  return [plain(`${name}.weight`, [WIDTH], 1), plain(`${name}.bias`, [WIDTH])];
}

/** Rows with mean 0 and variance 1, scaled and shifted. */
function normalise(weights: NamedTensors, name: string, rows: tf.Tensor2D): tf.Tensor2D {
  const centred = tf.sub(rows, tf.mean(rows, 1, true));
  const deviation = tf.sqrt(tf.add(tf.mean(tf.square(centred), 1, true), EPSILON));
  const scaled = tf.mul(tf.div(centred, deviation), weights[`${name}.weight`] as tf.Tensor);
  return tf.add(scaled, weights[`${name}.bias`] as tf.Tensor);
}

/** Every token's weighted mean of all tokens' values, per head; tokens are rows [batch · tokens, width]. */
function attend(weights: NamedTensors, name: string, rows: tf.Tensor2D): tf.Tensor2D {
  const parts = tf.reshape(connect(weights, `${name}.qkv`, rows), [-1, TOKENS, 3, HEADS, HEAD]);
  const perHead = tf.reshape(tf.transpose(parts, [2, 0, 3, 1, 4]), [3, -1, TOKENS, HEAD]);
  const [queries, keys, values] = tf.unstack(perHead) as [tf.Tensor3D, tf.Tensor3D, tf.Tensor3D];
  const shares = tf.softmax(tf.matMul(tf.mul(queries, HEAD ** -0.5), keys, false, true));
  const mixed = tf.reshape(tf.matMul(shares, values), [-1, HEADS, TOKENS, HEAD]);
  const joined = tf.reshape(tf.transpose(mixed, [0, 2, 1, 3]), [-1, WIDTH]) as tf.Tensor2D;
  return connect(weights, `${name}.proj`, joined);
}

function block(weights: NamedTensors, name: string, rows: tf.Tensor2D): tf.Tensor2D {
  const mixed = tf.add(rows, attend(weights, `${name}.attn`, normalise(weights, `${name}.norm1`, rows))) as tf.Tensor2D;
  const hidden = gelu(connect(weights, `${name}.mlp.fc1`, normalise(weights, `${name}.norm2`, mixed)));
  return tf.add(mixed, connect(weights, `${name}.mlp.fc2`, hidden as tf.Tensor2D));
}

export const vitTinyCifar10: Architecture = {
  id: 'vit-tiny-cifar10',
  name: 'ViT-Ti with 4×4 patches for CIFAR-10',
  paper: 'https://arxiv.org/abs/2010.11929',
  inputShape: [32, 32, 3],
  classes: CLASSES,
  undropped: true,
  ...pytorch([
    plain('cls_token', [1, 1, WIDTH]),
    plain('pos_embed', [1, TOKENS, WIDTH]),
    convolution('patch_embed.proj', 3, WIDTH, PATCH),
    ...blocks.flatMap((name) => [
      ...layerNorm(`${name}.norm1`),
      linear(`${name}.attn.qkv`, WIDTH, 3 * WIDTH),
      linear(`${name}.attn.proj`, WIDTH, WIDTH),
      ...layerNorm(`${name}.norm2`),
      linear(`${name}.mlp.fc1`, WIDTH, 4 * WIDTH),
      linear(`${name}.mlp.fc2`, 4 * WIDTH, WIDTH),
    ]),
    ...layerNorm('norm'),
    linear('head', WIDTH, CLASSES),
  ]),
  forward(weights, x) {
    const [batch] = x.shape;
    const filter = weights['patch_embed.proj.weight'] as tf.Tensor4D;
    const patches = tf.add(tf.conv2d(x, filter, PATCH, 'valid'), weights['patch_embed.proj.bias'] as tf.Tensor);
    const token = tf.tile(weights.cls_token as tf.Tensor3D, [batch, 1, 1]);
    const tokens = tf.concat([token, tf.reshape(patches, [batch, TOKENS - 1, WIDTH])], 1);
    let rows = tf.reshape(tf.add(tokens, weights.pos_embed as tf.Tensor), [-1, WIDTH]) as tf.Tensor2D;
    for (const name of blocks) rows = block(weights, name, rows);
    const whole = tf.reshape(rows, [batch, TOKENS, WIDTH]);
    const first = tf.reshape(tf.slice(whole, [0, 0, 0], [batch, 1, WIDTH]), [batch, WIDTH]) as tf.Tensor2D;
    return connect(weights, 'head', normalise(weights, 'norm', first));
  },
};
