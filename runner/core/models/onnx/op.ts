import type * as tf from '@tensorflow/tfjs';
import type { Attribute } from './message-attribute.ts';
import type { StoredOnnxTensor } from './message-tensor.ts';
import type { OnnxNode } from './messages.ts';
import { refuse } from './refuse.ts';
import { dimsOf, plain, type Value } from './value.ts';

/** An operator of ONNX. */
export interface Op {
  readonly type: string;
  /** '' for the standard operators. */
  readonly domain: '' | 'ai.onnx.ml';
  /** The attributes that it reads; a node with any other is refused. */
  readonly attributes: readonly string[];
  /** What of the operator is not there, for the table of the documentation. */
  readonly limits?: string;
  run(call: Call): Value | readonly Value[];
}

/** One node as an operator sees it: inputs, attributes, and what it keeps from run to run. */
export interface Call {
  readonly node: OnnxNode;
  /** Version of the domain that the node's operator belongs to. */
  readonly opset: number;
  readonly inputs: readonly (Value | undefined)[];
  /** An input that has to be there. */
  input(index: number): Value;
  /** The same as a tensor, axes in the graph's order. */
  tensor(index: number): tf.Tensor;
  /** Numbers that have to be known before anything is computed: an input's, or null where it is left out. */
  numbers(index: number): number[] | null;
  int(name: string, missing: number): number;
  float(name: string, missing: number): number;
  string<T extends string>(name: string, missing: T, known: readonly T[]): T;
  ints(name: string): readonly number[] | null;
  floats(name: string): readonly number[] | null;
  strings(name: string): readonly string[] | null;
  stored(name: string): StoredOnnxTensor | null;
  /**
   * A tensor made of constant inputs, once and for all runs.
   * @param of indices of the inputs; where one of them is not constant it is made in every run
   */
  once(key: string, of: readonly number[], make: () => tf.Tensor): tf.Tensor;
  /** Refuses the node: what of it is not supported, or does not fit. */
  refuse(what: string, hint?: string): never;
}

/** @param kept tensors that live as long as the model, by node and key */
export function callOf(
  node: OnnxNode,
  opset: number,
  inputs: readonly (Value | undefined)[],
  kept: Map<string, tf.Tensor>,
  keep: (tensor: tf.Tensor) => tf.Tensor,
): Call {
  const name = describeNode(node);
  const fail = (what: string, hint?: string): never => refuse(`${name}: ${what}`, hint);

  function attribute<T extends Attribute['type']>(key: string, type: T) {
    const found = node.attributes.get(key);
    if (found === undefined) return null;
    if (found.type !== type) return fail(`the attribute '${key}' is a ${found.type}; wanted a ${type}`);
    return (found as Extract<Attribute, { type: T }>).value;
  }

  function input(index: number): Value {
    return inputs[index] ?? fail(`input ${index} is missing`);
  }

  return {
    node,
    opset,
    inputs,
    input,
    tensor: (index) => plain(input(index)),
    numbers(index) {
      const value = inputs[index];
      if (value === undefined) return null;
      if (value.on === 'host') return [...value.data];
      return fail(
        `input ${index}, a shape or an index, depends on the image`,
        'export a model whose shapes depend on the size of the batch alone',
      );
    },
    int: (key, missing) => (attribute(key, 'int') as number | null) ?? missing,
    float: (key, missing) => (attribute(key, 'float') as number | null) ?? missing,
    string(key, missing, known) {
      const text = (attribute(key, 'string') as string | null) ?? missing;
      return known.find((one) => one === text) ?? fail(`${key} is '${text}'; supported: ${known.join(', ')}`);
    },
    ints: (key) => attribute(key, 'ints') as readonly number[] | null,
    floats: (key) => attribute(key, 'floats') as readonly number[] | null,
    strings: (key) => attribute(key, 'strings') as readonly string[] | null,
    stored: (key) => attribute(key, 'tensor') as StoredOnnxTensor | null,
    once(key, of, make) {
      const whole = `${node.outputs.join()} ${key}`;
      const before = kept.get(whole);
      if (before !== undefined) return before;
      const tensor = make();
      const constant = of.every((index) => inputs[index]?.constant ?? true);
      if (constant) kept.set(whole, keep(tensor));
      return tensor;
    },
    refuse: fail,
  };
}

/** How a node is named in an error: by its operator, and its name or else its first output. */
export function describeNode({ opType, name, outputs }: OnnxNode): string {
  return `${opType} '${name || outputs[0] || '?'}'`;
}

/** An axis that may be counted from the end. */
export function axisOf(call: Call, axis: number, rank: number): number {
  if (axis >= -rank && axis < rank) return axis < 0 ? axis + rank : axis;
  return call.refuse(`axis ${axis} of a tensor with ${rank}`);
}

export function axesOf(call: Call, axes: readonly number[], rank: number): number[] {
  const all = axes.map((axis) => axisOf(call, axis, rank));
  if (new Set(all).size !== all.length) call.refuse(`an axis twice among ${axes}`);
  return all;
}

export function rankOf(value: Value): number {
  return dimsOf(value).length;
}
