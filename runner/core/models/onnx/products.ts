/**
 * Products whose second factor is turned by a step of its own, as exporters write an attention's queries times its keys, as one step: a
 * product reads its factors either way, and the numbers that scale both scale the first alone, in one go.
 */
import * as tf from '@tensorflow/tfjs';
import { product } from './matrices.ts';
import type { OnnxNode } from './messages.ts';
import { type Call, callOf, type Op } from './op.ts';
import { reshapedDims } from './ops/shape.ts';
import type { Step } from './program.ts';
import { deviceValue, dimsOf, plain, type Value } from './value.ts';

/** What one factor of a product comes from. */
interface Factor {
  readonly name: string;
  /** What is done to it, in order: scalings, and of the second factor a turn and what follows it. */
  readonly steps: readonly Step[];
  readonly scale: number;
}

/**
 * @param constants what is known before anything is computed
 * @param output name of a value that has to be made as it is
 */
export function joinProducts(steps: readonly Step[], constants: ReadonlyMap<string, Value>, output: string): Step[] {
  const makers = new Map<string, Step>();
  const readers = new Map<string, number>();
  for (const step of steps) {
    for (const name of step.node.outputs) makers.set(name, step);
    for (const name of step.node.inputs) readers.set(name, (readers.get(name) ?? 0) + 1);
  }
  /** What makes a value that nothing else reads. */
  const before = (name: string): Step | undefined =>
    name !== output && readers.get(name) === 1 ? makers.get(name) : undefined;

  /** @returns null where a second factor is not turned */
  function factorOf(name: string, second: boolean): Factor | null {
    const found: Step[] = [];
    let [from, scale] = [name, 1];
    for (;;) {
      const step = before(from);
      const scaling = step === undefined ? null : scalingOf(step, constants);
      const turn = second && step !== undefined && isTurn(step.node);
      if (step === undefined || !(scaling !== null || turn || (second && step.op.type === 'Reshape'))) break;
      found.unshift(step);
      from = scaling?.of ?? (step.node.inputs[0] as string);
      scale *= scaling?.by ?? 1;
      if (turn) return { name: from, steps: found, scale };
    }
    return second ? null : { name: from, steps: found, scale };
  }

  const gone = new Set<Step>();
  const joined = steps.map((step) => {
    if (step.op.type !== 'MatMul') return step;
    const [left, right] = step.node.inputs.map((name, i) => factorOf(name, i === 1)) as [Factor, Factor | null];
    if (right === null) return step;
    const scale = Math.fround(left.scale * right.scale);
    // Apart they may fit into a float32 where their product does not.
    if (!Number.isFinite(scale) || Math.abs(scale) < SMALLEST) return step;
    for (const one of [...left.steps, ...right.steps]) gone.add(one);
    return turned(step, left, right, scale, constants);
  });
  return joined.filter((step) => !gone.has(step));
}

/** The smallest float32 of full precision. */
const SMALLEST = 2 ** -126;

/** A product of a value that is computed and one number. */
function scalingOf({ op, node }: Step, constants: ReadonlyMap<string, Value>): { of: string; by: number } | null {
  if (op.type !== 'Mul') return null;
  const at = node.inputs.findIndex((name) => {
    const value = constants.get(name);
    return value?.on === 'host' && value.kind === 'float' && value.data.length === 1 && value.dims.length < 2;
  });
  if (at < 0) return null;
  const [by] = (constants.get(node.inputs[at] as string) as { data: Float32Array }).data as unknown as [number];
  return { of: node.inputs[1 - at] as string, by };
}

/** Whether a node exchanges the last two axes and nothing else. */
function isTurn({ opType, attributes }: OnnxNode): boolean {
  const order = attributes.get('perm');
  if (opType !== 'Transpose' || order?.type !== 'ints' || order.value.length < 2) return false;
  return String(order.value) === String(exchanged([...order.value.keys()]));
}

function exchanged(all: readonly number[]): number[] {
  return [...all.slice(0, -2), ...all.slice(-2).reverse()];
}

function turned(step: Step, left: Factor, right: Factor, scale: number, constants: ReadonlyMap<string, Value>): Step {
  const reshapes = right.steps.filter(({ op }) => op.type === 'Reshape');
  const rank = (right.steps[0] as Step).node.attributes.get('perm')?.value as readonly number[];
  const node: OnnxNode = {
    ...step.node,
    inputs: [left.name, right.name, ...reshapes.map((one) => one.node.inputs[1] as string)],
  };
  const op: Op = {
    type: 'TurnedMatMul',
    domain: '',
    attributes: [],
    run(call) {
      const own = dimsOf(call.input(1));
      let dims: readonly number[] = exchanged(own);
      const inOrder = reshapes.every((one, i) => {
        const matrix = String(dims.slice(-2));
        dims = reshapedDims(
          callOf(one.node, call.opset, [undefined, call.input(2 + i)], new Map(), (t) => t),
          dims,
        );
        return dims.length > 1 && String(dims.slice(-2)) === matrix;
      });
      if (own.length !== rank.length || !inOrder)
        return oneByOne(call, [...left.steps, ...right.steps, step], constants);
      const [a, b] = [call.tensor(0), plain(call.input(1))];
      const matrices = reshapes.length === 0 ? b : tf.reshape(b, exchanged(dims));
      return deviceValue(product(scale === 1 ? a : tf.mul(a, scale), matrices, true));
    },
  };
  return { op, node };
}

/** As the graph has them: where a reshape takes the matrices themselves apart. */
function oneByOne(call: Call, steps: readonly Step[], constants: ReadonlyMap<string, Value>): Value {
  const values = new Map(call.node.inputs.map((name, i) => [name, call.inputs[i]]));
  let last = call.input(0);
  for (const { node, op } of steps) {
    const given = node.inputs.map((name) => values.get(name) ?? constants.get(name));
    last = op.run(callOf(node, call.opset, given, new Map(), (tensor) => tensor)) as Value;
    values.set(node.outputs[0] as string, last);
  }
  return last;
}
