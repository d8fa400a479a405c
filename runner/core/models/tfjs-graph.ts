/**
 * A GraphModel of TensorFlow.js (what `tensorflowjs_converter` writes of a SavedModel) as a classifier.
 *
 * As with a LayersModel the file is never handed on: its graph is written anew, of operators that we know, with the settings that were
 * read and under names of our own, after every shape in it was computed.
 */
import * as tf from '@tensorflow/tfjs';
import type { Classifier } from './classifier.ts';
import { Attributes } from './tfjs/attributes.ts';
import { decodeTfjs, joined, numbersOf, type Shards, type StoredWeight } from './tfjs/file.ts';
import { type Graph, type GraphNode, graphOf } from './tfjs/graph.ts';
import type { GraphOp, GraphValue } from './tfjs/graph-op.ts';
import { graphOps } from './tfjs/graph-ops.ts';
import { refuse, shown } from './tfjs/refuse.ts';
import { product, type Shape } from './tfjs/shapes.ts';

/** Images for which the shapes are computed. */
const BATCH = 2;
/** Values that one node may make of so many images. */
const ELEMENTS = 2 ** 25;
/** Longest tensor of whole numbers that may decide a shape. */
const NUMBERS = 64;

const types = { float32: 'DT_FLOAT', int32: 'DT_INT32', bool: 'DT_BOOL' } as const;

/**
 * @param json a whole model.json
 * @param shards the bytes of its weight files, under the names that model.json lists
 * @throws ParapetError 'submission' that says what is wrong with it
 */
export async function loadTfjsGraph(json: Uint8Array, shards: Shards): Promise<Classifier> {
  const { topology, weights } = decodeTfjs(json, shards, 'graph-model');
  const graph = graphOf(topology);
  const { nodes, specs, data, output } = rebuilt(graph, weights);
  const classes = output[1] as number;
  if (output.length !== 2 || output[0] !== BATCH || classes < 2) {
    refuse(`its output is [${output}] for ${BATCH} images; wanted a score per class`);
  }
  const model = await tf.loadGraphModel(
    tf.io.fromMemory({
      modelTopology: { node: nodes, versions: { producer: 0 } },
      weightSpecs: specs,
      weightData: data,
    }),
  );
  return {
    inputShape: graph.inputShape,
    classes,
    ends: graph.ends,
    logits: (x) => tf.tidy(() => model.execute(x) as tf.Tensor2D),
    dispose: () => model.dispose(),
  };
}

interface Rebuilt {
  /** Nodes as TensorFlow.js reads them. */
  readonly nodes: readonly object[];
  readonly specs: tf.io.WeightsManifestEntry[];
  readonly data: ArrayBuffer;
  readonly output: Shape;
}

function rebuilt({ inputShape, input, output, nodes }: Graph, weights: ReadonlyMap<string, StoredWeight>): Rebuilt {
  const image: GraphValue = { shape: [BATCH, ...inputShape] };
  if (product(image.shape) > ELEMENTS) refuse(`its input is [${inputShape}] per image; that is too large`);
  const known = new Map([[input, { name: 'node0', value: image }]]);
  const dim = [-1, ...inputShape].map((size) => ({ size }));
  const made: object[] = [
    { name: 'node0', op: 'Placeholder', input: [], attr: { dtype: { type: 'DT_FLOAT' }, shape: { shape: { dim } } } },
  ];
  const specs: tf.io.WeightsManifestEntry[] = [];
  const parts: Uint8Array[] = [];
  for (const [i, node] of nodes.entries()) {
    const name = `node${i + 1}`;
    const given = node.inputs.map((source) => known.get(source) as { name: string; value: GraphValue });
    if (node.op === 'Const') {
      const weight = weights.get(node.name) ?? refuse(`the weight ${shown(node.name)} is missing`);
      specs.push({ name, shape: [...weight.shape], dtype: weight.dtype });
      parts.push(weight.bytes);
      known.set(node.name, { name, value: constant(weight) });
      made.push({ name, op: 'Const', input: [], attr: { dtype: { type: types[weight.dtype] } } });
      continue;
    }
    const attributes = new Attributes(node.attributes);
    const value = fitting(
      node,
      given.map((source) => source.value),
      attributes,
    );
    known.set(node.name, { name, value });
    made.push({ name, op: node.op, input: given.map((source) => source.name), attr: usedOf(node, attributes) });
  }
  const constants = new Set(nodes.filter(({ op }) => op === 'Const').map(({ name }) => name));
  for (const name of weights.keys()) if (!constants.has(name)) refuse(`the weight ${shown(name)} belongs to no node`);
  const { value } = known.get(output) as { value: GraphValue };
  if (value.whole) refuse('its output is not of floats; wanted a score per class');
  return { nodes: made, specs, data: joined(parts).buffer, output: value.shape };
}

function constant(weight: StoredWeight): GraphValue {
  const known = weight.dtype === 'int32' && product(weight.shape) <= NUMBERS;
  const whole = weight.dtype !== 'float32' && { whole: true as const };
  return { shape: weight.shape, ...whole, ...(known && { numbers: [...numbersOf(weight)] }) };
}

function opOf({ name, op, inputs }: GraphNode): GraphOp {
  const known = graphOps.find((one) => one.op === op);
  if (known === undefined) {
    const ready = graphOps.map((one) => one.op).join(', ');
    return refuse(
      `the node ${shown(name)} is a ${shown(op)}, which is not taken`,
      `export the model to ONNX, or use only ${ready}`,
    );
  }
  const { least, most } = known.inputs;
  if (inputs.length >= least && inputs.length <= most) return known;
  return refuse(`the node ${shown(name)}, a ${op}, is given ${inputs.length} inputs; wanted ${least}`);
}

/** What a node makes of what it is given. */
function fitting(node: GraphNode, given: readonly GraphValue[], attributes: Attributes): GraphValue {
  const { describe } = opOf(node);
  let value: GraphValue;
  try {
    value = describe(given, attributes);
  } catch (error) {
    return refuse(`the node ${shown(node.name)}, a ${node.op}, cannot run: ${(error as Error).message}`);
  }
  const { shape, whole, numbers } = value;
  const few = numbers !== undefined && numbers.length <= NUMBERS;
  if (product(shape) <= ELEMENTS) return { shape, ...(whole && { whole }), ...(few && { numbers }) };
  return refuse(`the node ${shown(node.name)} makes [${value.shape}] of ${BATCH} images; that is too large`);
}

/** The settings of a node that decide what it makes. */
function usedOf({ name, op }: GraphNode, attributes: Attributes): Readonly<Record<string, unknown>> {
  try {
    return attributes.used();
  } catch (error) {
    return refuse(`the node ${shown(name)}, a ${op}: ${(error as Error).message}`);
  }
}
