/** Convolutions joined with what follows them: a normalisation goes into their weights, ReLU and 2×2 pooling into their kernel. */
import * as tf from '@tensorflow/tfjs';
import { convolutionRelu } from '../../kernels/convolution-relu.ts';
import { convolutionReluPool } from '../../kernels/convolution-relu-pool.ts';
import type { Attribute } from './message-attribute.ts';
import type { OnnxNode } from './messages.ts';
import { type Call, callOf, type Op } from './op.ts';
import { affineOf } from './ops/normalization.ts';
import type { Step } from './program.ts';
import { channelsLast, deviceValue, dimsOf, hostValue, plain, type Value } from './value.ts';

/**
 * @param constants gets the new weights
 * @param output name of a value that has to be made as it is
 */
export function fuse(steps: readonly Step[], constants: Map<string, Value>, output: string): Step[] {
  const readers = new Map<string, Step[]>();
  for (const step of steps) {
    for (const name of step.node.inputs) {
      const known = readers.get(name);
      if (known === undefined) readers.set(name, [step]);
      else known.push(step);
    }
  }
  /** The step that alone reads what a step makes. */
  const after = ({ node }: Step): Step | undefined => {
    const [name = ''] = node.outputs;
    const [only, ...others] = readers.get(name) ?? [];
    return name === output || others.length > 0 ? undefined : only;
  };
  const gone = new Set<Step>();
  const result: Step[] = [];
  for (const step of steps) {
    if (gone.has(step)) continue;
    if (step.op.type !== 'Conv' || !step.node.inputs.slice(1).every((name) => name === '' || constants.has(name))) {
      result.push(step);
      continue;
    }
    let joined = step;
    let last = step;
    let next = after(last);
    if (next?.op.type === 'BatchNormalization' && next.node.inputs.slice(1).every((name) => constants.has(name))) {
      joined = normalised(joined, next, constants);
      gone.add(next);
      last = next;
      next = after(last);
    }
    const pad = paddingOf(joined.node, constants);
    if (next?.op.type === 'Relu' && pad !== null) {
      gone.add(next);
      last = next;
      next = after(last);
      const pooled = next?.op.type === 'MaxPool' && isQuarters(next.node);
      if (pooled) {
        gone.add(next as Step);
        last = next as Step;
      }
      joined = { op: pooled ? convReluPool(pad) : convRelu(pad), node: { ...joined.node, attributes: new Map() } };
    }
    result.push({ op: joined.op, node: { ...joined.node, outputs: [last.node.outputs[0] as string] } });
  }
  return result;
}

/** A convolution with the factors and shifts of a normalisation in its weights and bias. */
function normalised(conv: Step, norm: Step, constants: Map<string, Value>): Step {
  const { node } = conv;
  const [x = '', weights = '', bias = ''] = node.inputs;
  const given = norm.node.inputs.map((name) => constants.get(name));
  const call = callOf(norm.node, 0, given, new Map(), (tensor) => tensor);
  const [own, shifts] = [constants.get(weights), constants.get(bias)] as [Value, Value | undefined];
  const made = tf.tidy(() => {
    const { factor, shift } = affineOf(call);
    const perFilter = tf.reshape(factor, [
      -1,
      ...dimsOf(own)
        .slice(1)
        .map(() => 1),
    ]);
    const moved = shifts === undefined ? shift : tf.add(tf.mul(plain(shifts), factor), shift);
    return { weights: tf.mul(plain(own), perFilter).dataSync(), bias: moved.dataSync() };
  });
  const names = [`${weights} · ${norm.node.outputs[0]}`, `${bias} + ${norm.node.outputs[0]}`] as const;
  for (const [i, [dims, data]] of [
    [dimsOf(own), made.weights],
    [[made.bias.length], made.bias],
  ].entries() as Iterable<[number, [readonly number[], Float32Array]]>) {
    const value = hostValue('float', dims, data);
    value.constant = true;
    constants.set(names[i as 0 | 1], value);
  }
  return { ...conv, node: { ...node, inputs: [x, ...names] } };
}

const numbers = (attribute: Attribute | undefined): readonly number[] | null =>
  attribute?.type === 'ints' ? attribute.value : null;
const number = (attribute: Attribute | undefined, missing: number): number =>
  attribute?.type === 'int' ? attribute.value : missing;

/** How the joined kernels would pad as this convolution does; null where they do not have its form. */
function paddingOf({ attributes, inputs }: OnnxNode, constants: ReadonlyMap<string, Value>): 'valid' | 'same' | null {
  const dims = dimsOf(constants.get(inputs[1] as string) as Value);
  const automatic = attributes.get('auto_pad');
  if (dims.length !== 4 || (automatic !== undefined && automatic.value !== 'NOTSET')) return null;
  const ones = ['strides', 'dilations'].every((name) => (numbers(attributes.get(name)) ?? []).every((n) => n === 1));
  if (!ones || number(attributes.get('group'), 1) !== 1) return null;
  const pads = numbers(attributes.get('pads')) ?? [0, 0, 0, 0];
  if (pads.every((n) => n === 0)) return 'valid';
  const [, , height = 0, width = 0] = dims;
  const around = [(height - 1) / 2, (width - 1) / 2];
  return pads.every((n, i) => n === around[i % 2]) ? 'same' : null;
}

/** Whether a pool is of 2×2 windows side by side. */
function isQuarters({ attributes, outputs }: OnnxNode): boolean {
  const twos = ['kernel_shape', 'strides'].every((name) => String(numbers(attributes.get(name))) === '2,2');
  const nothing = (numbers(attributes.get('pads')) ?? []).every((n) => n === 0);
  const tight = (numbers(attributes.get('dilations')) ?? []).every((n) => n === 1);
  const automatic = attributes.get('auto_pad');
  const explicit = automatic === undefined || automatic.value === 'NOTSET' || automatic.value === 'VALID';
  return twos && nothing && tight && explicit && number(attributes.get('ceil_mode'), 0) === 0 && outputs.length === 1;
}

function convRelu(pad: 'valid' | 'same'): Op {
  return joinedOp('ConvRelu', (x, filter, bias) => convolutionRelu(x, filter, bias, pad));
}

function convReluPool(pad: 'valid' | 'same'): Op {
  return joinedOp('ConvReluPool', (x, filter, bias) => convolutionReluPool(x, filter, bias, pad));
}

function joinedOp(type: string, apply: (x: tf.Tensor4D, filter: tf.Tensor4D, bias: tf.Tensor1D) => tf.Tensor4D): Op {
  return {
    type,
    domain: '',
    attributes: [],
    run(call: Call) {
      const filter = call.once('filter', [1], () => tf.transpose(call.tensor(1), [2, 3, 1, 0])) as tf.Tensor4D;
      const bias = call.once('bias', [2], () =>
        call.inputs[2] === undefined ? tf.zeros([filter.shape[3]]) : tf.clone(call.tensor(2)),
      );
      return deviceValue(apply(channelsLast(call.input(0)) as tf.Tensor4D, filter, bias as tf.Tensor1D), true);
    },
  };
}
