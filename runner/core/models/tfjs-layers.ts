/**
 * A LayersModel of TensorFlow.js (what `model.save` and `tensorflowjs_converter` for Keras write) as a classifier.
 *
 * The file is never handed on: from the layers that we know, their checked settings and the shapes that follow from them a topology is
 * written anew, under names of our own, and that is what TensorFlow.js builds. So there is no class of a stranger, no setting that
 * nobody looked at, no shape that was not computed before, and no weight too many or too few.
 */
import * as tf from '@tensorflow/tfjs';
import type { Classifier } from './classifier.ts';
import { decodeTfjs, describe, joined, numbersOf, type Shards, type StoredWeight } from './tfjs/file.ts';
import { type LayerGraph, type LayerNode, layerGraph } from './tfjs/layer-graph.ts';
import { type Described, ignored, type LayerKind, layerKinds } from './tfjs/layer-kinds.ts';
import { refuse, shown } from './tfjs/refuse.ts';
import { product, type Shape } from './tfjs/shapes.ts';

/** Values that one layer may make of one image. */
const ELEMENTS = 2 ** 24;

/**
 * @param json a whole model.json
 * @param shards the bytes of its weight files, under the names that model.json lists
 * @throws ParapetError 'submission' that says what is wrong with it
 */
export async function loadTfjsLayers(json: Uint8Array, shards: Shards): Promise<Classifier> {
  const { topology, weights } = decodeTfjs(json, shards, 'layers-model');
  const whole = layerGraph(topology);
  const graph = withoutSoftmax(whole);
  const { layers, specs, data, output } = rebuilt(graph, weights);
  if (output.length !== 1 || (output[0] as number) < 2)
    refuse(`its output is [${output}] per image; wanted a score per class`);
  const last = `layer${graph.layers.length}`;
  const config = { name: 'model', layers, input_layers: [['layer0', 0, 0]], output_layers: [[last, 0, 0]] };
  const modelTopology = { class_name: 'Model', config };
  const model = await tf.loadLayersModel(tf.io.fromMemory({ modelTopology, weightSpecs: specs, weightData: data }));
  return {
    inputShape: graph.inputShape,
    classes: output[0] as number,
    ends: { normalises: normalisation(whole), softmax: graph !== whole },
    logits: (x) => tf.tidy(() => model.apply(x, { training: false }) as tf.Tensor2D),
    dispose: () => {
      model.dispose();
    },
  };
}

/** Leaves off what only turns scores into probabilities: it changes no decision and hides gradients. */
function withoutSoftmax(graph: LayerGraph): LayerGraph {
  const last = graph.layers.find(({ name }) => name === graph.output);
  if (last === undefined) return graph;
  const { className, config, inputs } = last;
  const others = graph.layers.filter((layer) => layer !== last);
  if (className === 'Softmax' || (className === 'Activation' && config.activation === 'softmax')) {
    return { ...graph, layers: others, output: inputs[0] ?? graph.output };
  }
  if (config.activation !== 'softmax') return graph;
  return { ...graph, layers: [...others, { ...last, config: { ...config, activation: 'linear' } }] };
}

/** The layer that scales or shifts the images before any other looks at them. */
function normalisation({ input, layers }: LayerGraph): string | null {
  const [first, ...others] = layers.filter(({ inputs }) => inputs.includes(input));
  return first?.className === 'Rescaling' && others.length === 0 ? first.className : null;
}

interface Rebuilt {
  /** Layers as TensorFlow.js reads them. */
  readonly layers: readonly object[];
  readonly specs: tf.io.WeightsManifestEntry[];
  readonly data: ArrayBuffer;
  /** Shape of what comes out for one image. */
  readonly output: Shape;
}

function rebuilt({ inputShape, input, layers }: LayerGraph, weights: ReadonlyMap<string, StoredWeight>): Rebuilt {
  if (product(inputShape) > ELEMENTS) refuse(`its input is [${inputShape}] per image; that is too large`);
  const known = new Map<string, { name: string; shape: Shape }>([[input, { name: 'layer0', shape: inputShape }]]);
  const left = new Map(weights);
  const made: object[] = [
    {
      name: 'layer0',
      class_name: 'InputLayer',
      config: { name: 'layer0', batch_input_shape: [null, ...inputShape], dtype: 'float32', sparse: false },
      inbound_nodes: [],
    },
  ];
  const specs: tf.io.WeightsManifestEntry[] = [];
  const parts: Uint8Array[] = [];
  let output: Shape = inputShape;
  for (const [i, layer] of layers.entries()) {
    const given = layer.inputs.map((source) => known.get(source) as { name: string; shape: Shape });
    const name = `layer${i + 1}`;
    const { kind, config } = kindOf(layer, given.length);
    const described = fitting(
      layer,
      kind,
      config,
      given.map(({ shape }) => shape),
    );
    output = described.output;
    known.set(layer.name, { name, shape: output });
    for (const [part, shape] of Object.entries(described.weights ?? {})) {
      const stored = weightOf(layer, part, shape, left);
      specs.push({ name: `${name}/${part}`, shape: [...shape], dtype: 'float32' });
      parts.push(stored.bytes);
    }
    made.push({
      name,
      class_name: kind.className,
      config: { ...(config as object), name },
      inbound_nodes: [given.map((source) => [source.name, 0, 0, {}])],
    });
  }
  for (const name of left.keys()) refuse(`the weight ${shown(name)} belongs to no layer`);
  return { layers: made, specs, data: joined(parts).buffer, output };
}

/** The kind of a layer, and its settings as that kind reads them. */
function kindOf({ name, className, config }: LayerNode, inputs: number): { kind: LayerKind; config: never } {
  const kind = layerKinds.find((one) => one.className === className);
  if (kind === undefined) {
    const ready = layerKinds.map((one) => one.className).join(', ');
    return refuse(
      `the layer ${shown(name)} is a ${shown(className)}, which is not taken`,
      `export the model to ONNX, or use only ${ready}`,
    );
  }
  if (kind.merges ? inputs < 2 : inputs !== 1) {
    const wanted = kind.merges ? 'two or more' : 'one';
    refuse(`the layer ${shown(name)}, a ${className}, is given ${inputs} inputs; wanted ${wanted}`);
  }
  const telling = Object.entries(config).filter(([key]) => !ignored.test(key));
  const parsed = kind.config.safeParse(Object.fromEntries(telling));
  if (parsed.success) return { kind, config: parsed.data };
  return refuse(`the layer ${shown(name)}, a ${className}: ${describe(parsed.error)}`);
}

/** What a layer makes of what it is given. */
function fitting(layer: LayerNode, kind: LayerKind, config: never, given: readonly Shape[]): Described {
  const cannot = (why: string) => refuse(`the layer ${shown(layer.name)} cannot run: ${why}`);
  let described: Described;
  try {
    described = kind.describe(config, given);
  } catch (error) {
    return cannot((error as Error).message);
  }
  return product(described.output) <= ELEMENTS
    ? described
    : cannot(`[${described.output}] values per image are too many`);
}

/** A layer's weight, taken from those that are left. */
function weightOf({ name }: LayerNode, part: string, shape: Shape, left: Map<string, StoredWeight>): StoredWeight {
  const key = `${name}/${part}`;
  const stored = left.get(key) ?? refuse(`the weight ${shown(key)} is missing`);
  left.delete(key);
  if (stored.dtype !== 'float32') refuse(`the weight ${shown(key)} is ${stored.dtype}; wanted float32`);
  if (stored.shape.join() !== shape.join()) refuse(`the weight ${shown(key)} is [${stored.shape}]; wanted [${shape}]`);
  if (part === 'moving_variance' && numbersOf(stored).some((value) => value < 0)) {
    refuse(`the weight ${shown(key)} holds a negative variance`);
  }
  return stored;
}
