/** A decision tree (CART): each node asks whether one pixel is bright enough, and divides the training images where classes part best. */

/** Brightness is told apart in this many steps: a threshold is a multiple of 1/16. */
const LEVELS = 16;

interface Leaf {
  readonly label: number;
}

interface Node {
  readonly pixel: number;
  /** Images with the pixel at this value or above go to `bright`. */
  readonly threshold: number;
  readonly dark: Tree;
  readonly bright: Tree;
}

export type Tree = Leaf | Node;

export const isLeaf = (tree: Tree): tree is Leaf => 'label' in tree;

interface Data {
  /** Steps of brightness, [count × pixels]. */
  readonly levels: Uint8Array;
  readonly y: Int32Array;
  readonly pixels: number;
  readonly classes: number;
}

/**
 * Grows a tree until its leaves are of one class, or no pixel parts their images. A division is the one after which the Gini impurity
 * Σ n_side · (1 − Σ_c p_c²) of both sides is least; of equal ones the first.
 *
 * Source: Breiman et al., "Classification and Regression Trees", 1984, §2.
 * @param x images, [count × pixels], in [0, 1]
 * @param y classes, [count]
 */
export function growTree(x: Float32Array, y: Int32Array, classes: number): Tree {
  const levels = Uint8Array.from(x, (value) => Math.min(LEVELS - 1, Math.floor(value * LEVELS)));
  const data = { levels, y, pixels: x.length / y.length, classes };
  return grow(data, Int32Array.from(y.keys()));
}

function grow(data: Data, rows: Int32Array): Tree {
  const counts = new Int32Array(data.classes);
  for (const row of rows) add(counts, data.y[row] as number, 1);
  const label = counts.indexOf(Math.max(...counts));
  const found = counts[label] === rows.length ? null : bestSplit(data, rows, counts);
  if (found === null) return { label };
  const isBright = (row: number) => (data.levels[row * data.pixels + found.pixel] as number) >= found.level;
  return {
    pixel: found.pixel,
    threshold: found.level / LEVELS,
    dark: grow(
      data,
      rows.filter((row) => !isBright(row)),
    ),
    bright: grow(data, rows.filter(isBright)),
  };
}

/** Σ of squares is what parts the candidates: impurity is n minus Σ_side (Σ_c n_c²) / n_side. */
function bestSplit({ levels, y, pixels, classes }: Data, rows: Int32Array, counts: Int32Array) {
  let best: { pixel: number; level: number } | null = null;
  let purest = squares(counts) / rows.length;
  const histogram = new Int32Array(LEVELS * classes);
  const dark = new Int32Array(classes);
  for (let pixel = 0; pixel < pixels; pixel++) {
    histogram.fill(0);
    for (const row of rows) add(histogram, (levels[row * pixels + pixel] as number) * classes + (y[row] as number), 1);
    dark.fill(0);
    for (let level = 1, below = 0; level < LEVELS; level++) {
      for (let c = 0; c < classes; c++) {
        const step = histogram[(level - 1) * classes + c] as number;
        add(dark, c, step);
        below += step;
      }
      if (below === 0 || below === rows.length) continue;
      const bright = counts.map((count, c) => count - (dark[c] as number));
      const purity = squares(dark) / below + squares(bright) / (rows.length - below);
      if (purity > purest) {
        purest = purity;
        best = { pixel, level };
      }
    }
  }
  return best;
}

function add(counts: Int32Array, at: number, value: number) {
  counts[at] = (counts[at] as number) + value;
}

const squares = (counts: Int32Array) => counts.reduce((sum, count) => sum + count ** 2, 0);

const sideOf = ({ pixel, threshold, bright, dark }: Node, image: Float32Array): Tree =>
  (image[pixel] as number) >= threshold ? bright : dark;

/** Class of each image, [count]. */
export function predictTree(tree: Tree, x: Float32Array, pixels: number): Uint8Array {
  return Uint8Array.from({ length: x.length / pixels }, (_, row) => {
    const image = x.subarray(row * pixels, (row + 1) * pixels);
    let at = tree;
    while (!isLeaf(at)) at = sideOf(at, image);
    return at.label;
  });
}

/** Values that a pixel must have on the way to a leaf: at least `low`, less than `high`. */
type Bounds = ReadonlyMap<number, { readonly low: number; readonly high: number }>;

/** How far below a threshold a pixel is put that was above it: one of 256 steps. */
const BELOW = 1 / 255;

/**
 * Moves images to a leaf of another class near their own: up from the own leaf to the first node whose other branch has such a leaf, and of
 * those there to the one that needs the fewest pixels changed. Only pixels on the way are changed, each just over its threshold.
 *
 * Source: Papernot et al., https://arxiv.org/abs/1605.07277, §3; which of the leaves it takes, and how far over a threshold it goes, is ours.
 * @param x images, [count × pixels]
 * @param y true classes: images that the tree has wrong are left as they are
 */
export function attackTree(tree: Tree, x: Float32Array, y: Int32Array): Float32Array {
  const pixels = x.length / y.length;
  const attacked = x.slice();
  const predicted = predictTree(tree, x, pixels);
  for (const [row, own] of predicted.entries()) {
    if (own !== y[row]) continue;
    const image = attacked.subarray(row * pixels, (row + 1) * pixels);
    for (const [pixel, { low, high }] of nearestOther(tree, image, own) ?? []) {
      const value = image[pixel] as number;
      if (value < low) image[pixel] = low;
      else if (value >= high) image[pixel] = Math.max(low, high - BELOW);
    }
  }
  return attacked;
}

function nearestOther(tree: Tree, image: Float32Array, own: number): Bounds | null {
  const way: Node[] = [];
  for (let at = tree; !isLeaf(at); at = sideOf(at, image)) way.push(at);
  for (let depth = way.length - 1; depth >= 0; depth--) {
    const node = way[depth] as Node;
    let above: Bounds = new Map();
    for (const passed of way.slice(0, depth)) above = narrowed(above, passed, sideOf(passed, image) === passed.bright);
    const toBright = sideOf(node, image) !== node.bright;
    const other = toBright ? node.bright : node.dark;
    const leaves = [...leavesOf(other, narrowed(above, node, toBright))].filter(({ label }) => label !== own);
    const costs = leaves.map(({ bounds }) => changes(bounds, image));
    if (leaves.length > 0) return (leaves[costs.indexOf(Math.min(...costs))] as { bounds: Bounds }).bounds;
  }
  return null;
}

function narrowed(bounds: Bounds, { pixel, threshold }: Node, bright: boolean): Bounds {
  const { low, high } = bounds.get(pixel) ?? { low: 0, high: Number.POSITIVE_INFINITY };
  return new Map(bounds).set(
    pixel,
    bright ? { low: Math.max(low, threshold), high } : { low, high: Math.min(high, threshold) },
  );
}

function* leavesOf(tree: Tree, bounds: Bounds): Generator<{ label: number; bounds: Bounds }> {
  if (isLeaf(tree)) yield { label: tree.label, bounds };
  else {
    yield* leavesOf(tree.dark, narrowed(bounds, tree, false));
    yield* leavesOf(tree.bright, narrowed(bounds, tree, true));
  }
}

const changes = (bounds: Bounds, image: Float32Array) =>
  [...bounds].filter(([pixel, { low, high }]) => (image[pixel] as number) < low || (image[pixel] as number) >= high)
    .length;
