/**
 * A graph as a list of steps: what the output needs and nothing else, constants computed once, convolutions joined with what follows them.
 */
import * as tf from '@tensorflow/tfjs';
import { didYouMean } from '../../closest.ts';
import { ParapetError } from '../../errors.ts';
import { fuse } from './fusion.ts';
import type { OnnxModel, OnnxNode } from './messages.ts';
import { callOf, describeNode, type Op } from './op.ts';
import { findOp, ops } from './ops/index.ts';
import { joinProducts } from './products.ts';
import { refuse } from './refuse.ts';
import { joinSlices } from './slices.ts';
import { decodeTensorData, type ReadExternal } from './tensor-data.ts';
import type { Value } from './value.ts';

/** Versions of the operators of each domain whose meaning is known. */
export const opsets: Readonly<Record<string, { readonly oldest: number; readonly newest: number }>> = {
  '': { oldest: 13, newest: 23 },
  'ai.onnx.ml': { oldest: 1, newest: 5 },
};

export interface Step {
  readonly node: OnnxNode;
  readonly op: Op;
}

export interface Program {
  /** @param inputs by name; they stay the caller's, as does what is returned */
  run(inputs: ReadonlyMap<string, Value>): Value;
  /** How many steps are left after constants are computed and convolutions joined. */
  readonly steps: number;
  dispose(): void;
}

/**
 * @param output name of the value wanted
 * @param inputs names of the values that are given
 * @throws ParapetError 'submission' that names every operator that is not supported, or says what else is wrong
 */
export function compile(
  model: OnnxModel,
  inputs: readonly string[],
  output: string,
  readExternal: ReadExternal,
): Program {
  checkOpsets(model);
  const nodes = needed(model, inputs, output);
  const steps = nodes.map((node) => ({ node, op: findOp(node.domain, node.opType) }));
  refuseUnsupported(steps);
  const kept = new Map<string, tf.Tensor>();
  const owned: tf.Tensor[] = [];
  const keep = (tensor: tf.Tensor): tf.Tensor => {
    owned.push(tf.keep(tensor));
    return tensor;
  };
  const constants = new Map<string, Value>();

  function perform({ node, op }: Step, values: (name: string) => Value | undefined): Value[] {
    const given = node.inputs.map((name) => (name === '' ? undefined : values(name)));
    const call = callOf(node, model.opsets.get(node.domain) ?? 0, given, kept, keep);
    const result = attempt(node, () => op.run(call));
    const all = Array.isArray(result) ? (result as readonly Value[]) : [result as Value];
    // A step owns what it makes: an input that it passes on is another tensor of the same values.
    return all.map((value) =>
      value.on === 'device' &&
      given.some((one) => one === value || (one?.on === 'device' && one.tensor === value.tensor))
        ? { ...value, tensor: tf.clone(value.tensor), constant: false }
        : value,
    );
  }

  /** Computes now what depends on no image. */
  function fold(all: readonly Step[]): Step[] {
    return all.filter((step) => {
      const { node } = step;
      if (!node.inputs.every((name) => name === '' || constants.has(name))) return true;
      const results = tf.tidy(
        () => perform(step, (name) => constants.get(name)) as unknown as tf.TensorContainer,
      ) as unknown as Value[];
      for (const [i, value] of results.entries()) {
        value.constant = true;
        if (value.on === 'device') keep(value.tensor);
        constants.set(node.outputs[i] ?? '', value);
      }
      return false;
    });
  }

  try {
    const used = new Set([...nodes.flatMap((node) => node.inputs), output]);
    for (const [name, tensor] of model.graph.initializers) {
      if (!used.has(name)) continue;
      const value = decodeTensorData(tensor, `the initializer '${name}'`, readExternal);
      value.constant = true;
      constants.set(name, value);
    }
    const joined = joinProducts(joinSlices(fold(steps as Step[]), constants), constants, output);
    const plan = withReleases(fuse(joined, constants, output), output);
    return {
      steps: plan.length,
      run: (given) => execute(plan, given, constants, output, perform),
      dispose() {
        tf.dispose(owned);
        for (const value of constants.values()) if (value.on === 'host') value.kept?.dispose();
      },
    };
  } catch (error) {
    tf.dispose(owned);
    throw error;
  }
}

/** What TensorFlow.js throws where shapes do not go together is a fault of the file, and is told with the node's name. */
function attempt<T>(node: OnnxNode, run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (error instanceof ParapetError || !(error instanceof Error)) throw error;
    return refuse(`${describeNode(node)}: ${error.message.split('\n')[0]}`);
  }
}

function checkOpsets({ opsets: imported }: OnnxModel): void {
  for (const [domain, version] of imported) {
    const window = opsets[domain];
    // A domain that no node is of, as PyTorch's exporter imports one for itself, does no harm.
    if (window === undefined) continue;
    if (version < window.oldest || version > window.newest) {
      refuse(
        `opset ${version} of ${domain || 'the standard operators'}; supported are ${window.oldest} to ${window.newest}`,
        'export with another opset_version, or convert by onnx.version_converter',
      );
    }
  }
}

/** The nodes that an output needs, in the order of the file. */
function needed({ graph }: OnnxModel, inputs: readonly string[], output: string): OnnxNode[] {
  const known = new Set([...inputs, ...graph.initializers.keys()]);
  const producers = new Map<string, number>();
  for (const [i, node] of graph.nodes.entries()) {
    for (const name of node.inputs) {
      if (name !== '' && !known.has(name)) {
        refuse(`${describeNode(node)} reads '${name}', which nothing before it makes: the graph has a gap or a circle`);
      }
    }
    for (const name of node.outputs) {
      if (name === '') continue;
      if (known.has(name)) refuse(`'${name}' is made twice, the second time by ${describeNode(node)}`);
      known.add(name);
      producers.set(name, i);
    }
  }
  if (!known.has(output)) refuse(`nothing makes the output '${output}'`);
  const wanted = new Set<number>();
  const open = [output];
  while (open.length > 0) {
    const index = producers.get(open.pop() as string);
    if (index === undefined || wanted.has(index)) continue;
    wanted.add(index);
    open.push(...(graph.nodes[index] as OnnxNode).inputs);
  }
  return graph.nodes.filter((_, i) => wanted.has(i));
}

function refuseUnsupported(steps: readonly { node: OnnxNode; op: Op | undefined }[]): void {
  const unknown = new Set<string>();
  const strange = new Set<string>();
  for (const { node, op } of steps) {
    if (op === undefined) {
      const name = node.domain === '' ? node.opType : `${node.domain}.${node.opType}`;
      unknown.add(
        `${name}${didYouMean(
          node.opType,
          ops.filter(({ domain }) => domain === node.domain).map(({ type }) => type),
        )}`,
      );
      continue;
    }
    for (const attribute of node.attributes.keys()) {
      if (!op.attributes.includes(attribute)) strange.add(`${node.opType}.${attribute}`);
    }
  }
  if (unknown.size === 0 && strange.size === 0) return;
  const parts = [
    unknown.size > 0 ? `unsupported operators: ${[...unknown].join(', ')}` : '',
    strange.size > 0 ? `unsupported attributes: ${[...strange].join(', ')}` : '',
  ].filter((part) => part !== '');
  refuse(parts.join('; '), 'docs/onnx.md lists what is supported; rewrite that part of the model and export it anew');
}

interface PlannedStep extends Step {
  /** Values that nobody reads after this step. */
  readonly released: readonly string[];
}

function withReleases(steps: readonly Step[], output: string): PlannedStep[] {
  const lastUse = new Map<string, number>();
  for (const [i, { node }] of steps.entries()) {
    for (const name of [...node.outputs, ...node.inputs]) if (name !== '' && name !== output) lastUse.set(name, i);
  }
  const released = steps.map((): string[] => []);
  for (const [name, last] of lastUse) released[last]?.push(name);
  return steps.map((step, i) => ({ ...step, released: released[i] ?? [] }));
}

function execute(
  plan: readonly PlannedStep[],
  given: ReadonlyMap<string, Value>,
  constants: ReadonlyMap<string, Value>,
  output: string,
  perform: (step: Step, values: (name: string) => Value | undefined) => Value[],
): Value {
  const values = new Map<string, Value>();
  const find = (name: string) => values.get(name) ?? given.get(name) ?? constants.get(name);
  for (const step of plan) {
    const { node, released } = step;
    const results = tf.tidy(() => perform(step, find) as unknown as tf.TensorContainer) as unknown as Value[];
    for (const [i, value] of results.entries()) {
      const name = node.outputs[i];
      if (name) values.set(name, value);
      else if (value.on === 'device') value.tensor.dispose();
    }
    for (const name of released) {
      const value = values.get(name);
      if (value?.on === 'device') value.tensor.dispose();
      values.delete(name);
    }
  }
  return find(output) ?? refuse(`nothing makes the output '${output}'`);
}
