/** Compositional pattern-producing networks: small graphs of functions that turn the place of a pixel into its brightness. */

const functions = {
  sine: Math.sin,
  sigmoid: (v: number) => 1 / (1 + Math.exp(-v)),
  gaussian: (v: number) => Math.exp(-v * v),
  linear: (v: number) => v,
} as const;
const names = Object.keys(functions) as (keyof typeof functions)[];

interface PatternNode {
  /** Inputs lie at 0, outputs at 1, and every link leads to a larger number. */
  readonly depth: number;
  readonly function: keyof typeof functions;
}

interface Link {
  readonly from: number;
  readonly to: number;
  readonly weight: number;
}

/** The first nodes are the inputs: across, down, distance from the middle, and 1; then come one output per channel. */
export interface PatternNetwork {
  readonly nodes: readonly PatternNode[];
  readonly links: readonly Link[];
}

const INPUTS = 4;
/** Weights begin within this of 0, and a change moves one by up to a third of it. */
const RANGE = 3;

/** Chances of each change that a child may show. */
const WEIGHT = 0.5;
const NEW_NODE = 0.2;
const NEW_LINK = 0.2;
const NEW_FUNCTION = 0.1;

/** Uniform numbers in [0, 1), a new one each call. */
type Uniform = () => number;

/** @returns every input linked to every output */
export function firstNetwork(channels: number, uniform: Uniform): PatternNetwork {
  const inputs = Array.from({ length: INPUTS }, (): PatternNode => ({ depth: 0, function: 'linear' }));
  const outputs = Array.from({ length: channels }, (): PatternNode => ({ depth: 1, function: 'sigmoid' }));
  const links = outputs.flatMap((_, k) =>
    inputs.map((_, from): Link => ({ from, to: INPUTS + k, weight: RANGE * (2 * uniform() - 1) })),
  );
  return { nodes: [...inputs, ...outputs], links };
}

/** A changed copy: weights move, a link is split by a new node, two nodes are linked, a node within gets another function. */
export function mutatedNetwork(parent: PatternNetwork, channels: number, uniform: Uniform): PatternNetwork {
  const pick = <T>(values: readonly T[]) => values[Math.floor(uniform() * values.length)] as T;
  const nodes = [...parent.nodes];
  const links = parent.links.map((link) =>
    uniform() < WEIGHT ? { ...link, weight: link.weight + (RANGE / 3) * (2 * uniform() - 1) } : link,
  );
  if (uniform() < NEW_NODE) {
    const split = pick(links);
    const depth = ((nodes[split.from]?.depth ?? 0) + (nodes[split.to]?.depth ?? 1)) / 2;
    nodes.push({ depth, function: pick(names) });
    links.push({ ...split, to: nodes.length - 1 }, { from: nodes.length - 1, to: split.to, weight: 1 });
  }
  if (uniform() < NEW_LINK) {
    const [from, to] = [uniform(), uniform()].map((u) => Math.floor(u * nodes.length)) as [number, number];
    const forwards = (nodes[from]?.depth ?? 0) < (nodes[to]?.depth ?? 0);
    if (forwards) links.push({ from, to, weight: RANGE * (2 * uniform() - 1) });
  }
  const within = INPUTS + channels;
  if (uniform() < NEW_FUNCTION && nodes.length > within) {
    const changed = within + Math.floor(uniform() * (nodes.length - within));
    nodes[changed] = { depth: nodes[changed]?.depth ?? 0.5, function: pick(names) };
  }
  return { nodes, links };
}

/**
 * Draws a network's image. Places run from −1 to 1 along each axis.
 * @param into receives [height × width × channels], values in (0, 1)
 */
export function drawNetwork(
  { nodes, links }: PatternNetwork,
  [height, width, channels]: readonly [number, number, number],
  into: Float32Array,
): void {
  const order = nodes.map((_, i) => i).sort((a, b) => (nodes[a]?.depth ?? 0) - (nodes[b]?.depth ?? 0));
  const arriving = nodes.map((_, to) => links.filter((link) => link.to === to));
  const values = new Float64Array(nodes.length);
  for (let pixel = 0; pixel < height * width; pixel++) {
    const x = width === 1 ? 0 : (2 * (pixel % width)) / (width - 1) - 1;
    const y = height === 1 ? 0 : (2 * Math.floor(pixel / width)) / (height - 1) - 1;
    values.set([x, y, Math.hypot(x, y), 1]);
    for (const node of order) {
      if (node < INPUTS) continue;
      let sum = 0;
      for (const { from, weight } of arriving[node] as readonly Link[]) sum += weight * (values[from] as number);
      values[node] = functions[(nodes[node] as PatternNode).function](sum);
    }
    for (let channel = 0; channel < channels; channel++) {
      into[pixel * channels + channel] = values[INPUTS + channel] as number;
    }
  }
}
