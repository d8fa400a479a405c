/** Which nodes a GraphModel has and what each is given, read from a topology in which anything may stand. */
import { z } from 'zod';
import type { GraphEnds } from '../classifier.ts';
import { describe } from './file.ts';
import { inOrder } from './order.ts';
import { refuse, shown } from './refuse.ts';

export interface GraphNode {
  readonly name: string;
  readonly op: string;
  readonly attributes: Readonly<Record<string, unknown>>;
  /** Names of the nodes whose first results it is given, in order. */
  readonly inputs: readonly string[];
}

export interface Graph {
  readonly inputShape: readonly [height: number, width: number, channels: number];
  readonly input: string;
  readonly output: string;
  /** All nodes but the input, each after those that it is given. */
  readonly nodes: readonly GraphNode[];
  readonly ends: GraphEnds;
}

const nodeSchema = z.strictObject({
  name: z.string().min(1).max(500),
  op: z.string().max(100),
  input: z.array(z.string().max(500)).max(64).default([]),
  attr: z.record(z.string(), z.unknown()).default({}),
  device: z.string().optional(),
});

const topologySchema = z.strictObject({
  node: z.array(nodeSchema).min(1).max(5000),
  versions: z.unknown().optional(),
  library: z.strictObject({ function: z.array(z.unknown()).max(0, 'functions are not taken').optional() }).optional(),
});

const size = z.strictObject({
  size: z.union([
    z.int(),
    z
      .string()
      .regex(/^-?\d{1,9}$/)
      .transform(Number),
  ]),
});
const shapeSchema = z.strictObject({
  shape: z.strictObject({ dim: z.tuple([size, size, size, size]) }),
});

/** @throws ParapetError 'submission' that names the node */
export function graphOf(topology: Readonly<Record<string, unknown>>): Graph {
  const parsed = topologySchema.safeParse(topology);
  if (!parsed.success) return refuse(`modelTopology: ${describe(parsed.error)}`);
  const byName = new Map<string, GraphNode>();
  for (const { name, op, input, attr } of parsed.data.node) {
    if (byName.has(name)) refuse(`two nodes are called ${shown(name)}`);
    const control = input.find((source) => source.startsWith('^'));
    if (control !== undefined)
      refuse(`the node ${shown(name)} waits for ${shown(control)}; control inputs are not taken`);
    byName.set(name, { name, op, attributes: attr, inputs: input.map((source) => source.replace(/:0$/, '')) });
  }
  const all = [...byName.values()];
  // Every node, whatever depends on it, by way of one that depends on them all; no node of a file has an empty name.
  const whole = { name: '', inputs: [...byName.keys()] };
  inOrder(new Map<string, { name: string; inputs: readonly string[] }>([...byName, ['', whole]]), '');
  const inputs = all.filter(({ op }) => op === 'Placeholder');
  const [image] = inputs;
  if (image === undefined || inputs.length > 1) return refuse(`it has ${inputs.length} inputs; wanted one, the images`);
  const read = new Set(all.flatMap((node) => node.inputs));
  const unread = all.filter(({ name }) => !read.has(name));
  const [end] = unread as [GraphNode];
  if (unread.length > 1) {
    const names = unread.slice(0, 5).map(({ name }) => shown(name));
    return refuse(`it has ${unread.length} outputs (${names.join(', ')}); wanted one, the scores`);
  }
  const output = scoresOf(byName, end);
  const nodes = inOrder(byName, output).filter((node) => node !== image);
  const softmax = all.some((node) => node.op === 'Softmax' && !nodes.includes(node));
  const ends = { normalises: normalisation(image.name, nodes), softmax };
  return { inputShape: imageOf(image), input: image.name, output, nodes, ends };
}

const passing: readonly string[] = ['Identity', 'Reshape', 'Transpose', 'Cast', 'ExpandDims', 'Squeeze'];
const shifting: readonly string[] = ['Sub', 'RealDiv', 'Div', 'Mul', 'Add', 'AddV2'];
/** How many nodes from the images on are looked at. */
const MOST_STEPS = 20;

/** The node that first shifts or scales the images by constants, before any other looks at them. */
function normalisation(image: string, nodes: readonly GraphNode[]): string | null {
  const constants = new Set(nodes.filter(({ op }) => op === 'Const').map(({ name }) => name));
  let at = image;
  for (let step = 0; step < MOST_STEPS; step++) {
    const [next, ...others] = nodes.filter(({ inputs }) => inputs.includes(at));
    if (next === undefined || others.length > 0) return null;
    const rest = next.inputs.filter((input) => input !== at);
    if (shifting.includes(next.op) && rest.length === 1 && constants.has(rest[0] as string)) return next.op;
    if (!passing.includes(next.op)) return null;
    at = next.name;
  }
  return null;
}

/** The node that makes the scores; what only turns scores into probabilities is left off: it changes no decision and hides gradients. */
function scoresOf(byName: ReadonlyMap<string, GraphNode>, end: GraphNode): string {
  let node = end;
  while ((node.op === 'Identity' || node.op === 'Softmax') && node.inputs.length === 1) {
    node = byName.get(node.inputs[0] as string) as GraphNode;
  }
  return node.name;
}

function imageOf({ name, attributes }: GraphNode): Graph['inputShape'] {
  const type = attributes.dtype;
  const wanted = 'wanted floats [any, height, width, channels]';
  if (JSON.stringify(type) !== '{"type":"DT_FLOAT"}')
    return refuse(`its input ${shown(name)} is not of floats; ${wanted}`);
  const parsed = shapeSchema.safeParse(attributes.shape);
  if (!parsed.success) return refuse(`its input ${shown(name)}: ${describe(parsed.error)}; ${wanted}`);
  const [, height, width, channels] = parsed.data.shape.dim.map((side) => side.size) as [
    number,
    number,
    number,
    number,
  ];
  const fits = [height, width].every((side) => side >= 1 && side <= 4096) && channels >= 1 && channels <= 64;
  return fits
    ? [height, width, channels]
    : refuse(`its input ${shown(name)} is [${height}, ${width}, ${channels}]; ${wanted}`);
}
