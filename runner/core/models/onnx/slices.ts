/**
 * Slices that lie side by side, as exporters write where a tensor is taken apart, joined to one split: the gradient of a slice is as large
 * as the whole, zeros around it, and each slice would have one to be added up; that of a split is its parts put together.
 */
import * as tf from '@tensorflow/tfjs';
import type { OnnxNode } from './messages.ts';
import { axisOf, type Call, callOf, type Op } from './op.ts';
import type { Step } from './program.ts';
import { deviceValue, dimsOf, lastAxis, type Value } from './value.ts';

interface Piece {
  readonly step: Step;
  readonly axis: number;
  readonly start: number;
  readonly end: number;
}

/** @param constants what is known before anything is computed */
export function joinSlices(steps: readonly Step[], constants: ReadonlyMap<string, Value>): Step[] {
  const groups = new Map<string, Piece[]>();
  for (const step of steps) {
    const piece = pieceOf(step, constants);
    if (piece === null) continue;
    const key = `${piece.axis} ${step.node.inputs[0]}`;
    groups.set(key, [...(groups.get(key) ?? []), piece]);
  }
  const joined = new Map<Step, Step | null>();
  for (const pieces of groups.values()) {
    const ordered = pieces.toSorted((a, b) => a.start - b.start);
    const sideBySide = ordered.every(({ start, end }, i) => start === (ordered[i - 1]?.end ?? 0) && end > start);
    if (pieces.length < 2 || !sideBySide) continue;
    const [first] = pieces as [Piece];
    for (const { step } of pieces) joined.set(step, step === first.step ? splitOf(ordered, constants) : null);
  }
  return steps.flatMap((step) => {
    const instead = joined.get(step);
    return instead === undefined ? [step] : instead === null ? [] : [instead];
  });
}

/** A slice along one axis, from one known place to another, of a tensor that is computed. */
function pieceOf(step: Step, constants: ReadonlyMap<string, Value>): Piece | null {
  const { op, node } = step;
  if (op.type !== 'Slice' || node.inputs.length < 4) return null;
  const [start, end, axis, stride] = node.inputs.slice(1).map((name) => {
    const value = constants.get(name);
    return value?.on === 'host' && value.data.length === 1 ? (value.data[0] as number) : undefined;
  });
  if (start === undefined || end === undefined || axis === undefined || start < 0) return null;
  return node.inputs.length > 4 && stride !== 1 ? null : { step, axis, start, end };
}

function splitOf(pieces: readonly Piece[], constants: ReadonlyMap<string, Value>): Step {
  const [{ step, axis }] = pieces as [Piece];
  const node: OnnxNode = {
    ...step.node,
    inputs: [step.node.inputs[0] as string],
    outputs: pieces.map((piece) => piece.step.node.outputs[0] as string),
    attributes: new Map(),
  };
  const op: Op = {
    type: 'Slices',
    domain: '',
    attributes: [],
    run(call) {
      const x = call.input(0);
      const dims = dimsOf(x);
      const along = axisOf(call, axis, dims.length);
      const length = dims[along] as number;
      if (x.on === 'host' || pieces.some(({ start }) => start >= length)) return oneByOne(call, pieces, constants);
      const sizes = pieces.map(({ start, end }) => Math.min(end, length) - start);
      const rest = length - sizes.reduce((sum, size) => sum + size, 0);
      const parts = tf.split(
        x.tensor,
        rest > 0 ? [...sizes, rest] : sizes,
        x.last ? lastAxis(along, dims.length) : along,
      );
      return parts.slice(0, pieces.length).map((part) => deviceValue(part, x.last, x.kind));
    },
  };
  return { op, node };
}

/** As the graph has them: of numbers on the host, and where one is empty. */
function oneByOne(call: Call, pieces: readonly Piece[], constants: ReadonlyMap<string, Value>): Value[] {
  return pieces.map(({ step: { node, op } }) => {
    const given = [call.input(0), ...node.inputs.slice(1).map((name) => constants.get(name))];
    return op.run(callOf(node, call.opset, given, new Map(), (tensor) => tensor)) as Value;
  });
}
