/** Which layers a LayersModel has and what each is given, read from a topology in which anything may stand. */
import { z } from 'zod';
import { describe } from './file.ts';
import { inOrder } from './order.ts';
import { refuse, shown } from './refuse.ts';

export interface LayerNode {
  readonly name: string;
  readonly className: string;
  readonly config: Readonly<Record<string, unknown>>;
  /** Names of the layers whose results it is given, in order. */
  readonly inputs: readonly string[];
}

export interface LayerGraph {
  /** [height, width, channels] of an image. */
  readonly inputShape: readonly [number, number, number];
  readonly input: string;
  readonly output: string;
  /** All other layers, each after those that it is given. */
  readonly layers: readonly LayerNode[];
}

const LAYERS = 1000;

const name = z.string().min(1).max(200);
const config = z.record(z.string(), z.unknown());
const tensor = z.tuple([name, z.literal(0), z.literal(0)]);
const inbound = z.tuple([name, z.literal(0), z.literal(0)]).rest(z.strictObject({}));
const bare = { class_name: z.string().max(200), config };

const sequentialSchema = z.object({ layers: z.array(z.object(bare)).min(1).max(LAYERS) });
const functionalSchema = z.object({
  layers: z
    .array(z.object({ ...bare, name, inbound_nodes: z.array(z.array(inbound).max(LAYERS)).max(LAYERS) }))
    .min(1)
    .max(LAYERS),
  input_layers: z.array(tensor).length(1),
  output_layers: z.array(tensor).length(1),
});
const modelSchema = z.object({ class_name: z.string(), config: z.unknown() });

const batchShape = z.tuple([z.null(), z.int().min(1).max(4096), z.int().min(1).max(4096), z.int().min(1).max(64)]);

function checked<T>(schema: z.ZodType<T>, value: unknown, what: string): T {
  const parsed = schema.safeParse(value);
  return parsed.success ? parsed.data : refuse(`${what}: ${describe(parsed.error)}`);
}

/** @throws ParapetError 'submission' that names the layer */
export function layerGraph(topology: Readonly<Record<string, unknown>>): LayerGraph {
  const model = checked(modelSchema, topology.model_config ?? topology, 'modelTopology');
  if (model.class_name === 'Sequential') return sequential(model.config);
  if (model.class_name === 'Model' || model.class_name === 'Functional') return functional(model.config);
  return refuse(`its class is ${shown(model.class_name)}; wanted Sequential, Model or Functional`);
}

function sequential(value: unknown): LayerGraph {
  const { layers } = checked(
    sequentialSchema,
    Array.isArray(value) ? { layers: value } : value,
    'modelTopology.config',
  );
  const [first] = layers;
  const inputShape = shapeOf(first?.config.batch_input_shape);
  const chain = first?.class_name === 'InputLayer' ? layers.slice(1) : layers;
  const named = chain.map(({ class_name, config }, i): LayerNode => {
    const own = typeof config.name === 'string' ? config.name : `layer ${i + 1}`;
    return { name: own, className: class_name, config, inputs: [] };
  });
  refuseTwins(named);
  const input = 'the input of the first layer';
  const linked = named.map((layer, i) => ({ ...layer, inputs: [named[i - 1]?.name ?? input] }));
  return { inputShape, input, output: linked.at(-1)?.name ?? input, layers: linked };
}

function functional(value: unknown): LayerGraph {
  const { layers, input_layers, output_layers } = checked(functionalSchema, value, 'modelTopology.config');
  const nodes = layers.map(({ name: own, class_name, config, inbound_nodes }): LayerNode => {
    if (inbound_nodes.length > 1)
      refuse(`the layer ${shown(own)} is applied ${inbound_nodes.length} times; wanted once`);
    return { name: own, className: class_name, config, inputs: (inbound_nodes[0] ?? []).map(([source]) => source) };
  });
  refuseTwins(nodes);
  const byName = new Map(nodes.map((node) => [node.name, node]));
  const [[input], [output]] = [input_layers[0] as [string, 0, 0], output_layers[0] as [string, 0, 0]];
  const start = byName.get(input);
  if (start?.className !== 'InputLayer') return refuse(`its input ${shown(input)} is no InputLayer`);
  const layered = inOrder(byName, output).filter((node) => node !== start);
  const idle = nodes.find((node) => node !== start && !layered.includes(node));
  if (idle !== undefined) refuse(`no score depends on the layer ${shown(idle.name)}`);
  return { inputShape: shapeOf(start.config.batch_input_shape), input, output, layers: layered };
}

function shapeOf(value: unknown): LayerGraph['inputShape'] {
  const [, ...shape] = checked(
    batchShape,
    value,
    'batch_input_shape of its input, wanted [null, height, width, channels]',
  );
  return shape;
}

function refuseTwins(nodes: readonly LayerNode[]): void {
  const seen = new Set<string>();
  for (const { name: own } of nodes) {
    if (seen.has(own)) refuse(`two layers are called ${shown(own)}`);
    seen.add(own);
  }
}
