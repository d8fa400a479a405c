/** Arithmetic of shapes; each throws an Error whose message ends the sentence "the layer … cannot run: …". */

export type Shape = readonly number[];

/** Height, width and channels of maps. */
export function sides(input: Shape | undefined): readonly [height: number, width: number, channels: number] {
  if (input?.length !== 3) throw new Error(`it is given [${input}]; wanted maps [height, width, channels]`);
  return input as [number, number, number];
}

/** How often a window fits along each side. */
export function windowed(
  lengths: readonly number[],
  window: readonly number[],
  strides: readonly number[],
  padding: 'valid' | 'same',
): number[] {
  return lengths.map((length, i) => {
    const [size, stride] = [window[i] as number, strides[i] as number];
    const places = Math.ceil((padding === 'same' ? length : length - size + 1) / stride);
    if (places < 1) throw new Error(`its window of ${size} does not fit ${length}`);
    return places;
  });
}

export function flattened(input: Shape): Shape {
  return [product(input)];
}

export function reshaped(input: Shape, target: Shape): Shape {
  if (flattened(input)[0] !== flattened(target)[0]) throw new Error(`[${input}] does not become [${target}]`);
  return target;
}

/** The shape of all inputs. */
export function same(inputs: readonly Shape[]): Shape {
  const [first] = inputs as [Shape];
  const odd = inputs.find((shape) => shape.join() !== first.join());
  if (odd !== undefined) throw new Error(`its inputs are [${first}] and [${odd}]; wanted equal shapes`);
  return first;
}

/** How many values a tensor of a shape has. */
export function product(shape: Shape): number {
  return shape.reduce((all, side) => all * side, 1);
}

/** The shape of two tensors' values taken together, the last axes beside each other. */
export function broadcast(a: Shape, b: Shape): Shape {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => {
    const [one, other] = [a.at(i - rank) ?? 1, b.at(i - rank) ?? 1];
    const fits = one === other || one === 1 || other === 1;
    if (!fits) throw new Error(`[${a}] and [${b}] do not go together`);
    return one === 1 ? other : one;
  });
}

/** @param target wanted shape; one side may be −1, which is whatever is left */
export function reshapedTo(input: Shape, target: Shape): Shape {
  const size = product(input);
  const given = product(target.filter((side) => side !== -1));
  const open = target.filter((side) => side === -1).length;
  const fits = open === 0 ? given === size : open === 1 && given > 0 && size % given === 0;
  if (!fits || target.length > 6) throw new Error(`[${input}] does not become [${target}]`);
  return target.map((side) => (side === -1 ? size / given : side));
}

/** What is left of a shape without its axes `axes`. */
export function reducedAlong(input: Shape, axes: readonly number[], keep: boolean): Shape {
  const gone = axes.map((axis) => (axis < 0 ? axis + input.length : axis));
  if (gone.some((axis) => input[axis] === undefined)) throw new Error(`[${input}] has no axes [${axes}]`);
  if (keep) return input.map((side, axis) => (gone.includes(axis) ? 1 : side));
  return input.filter((_, axis) => !gone.includes(axis));
}

/** Tensors one behind the other along an axis; negative axes count from the last. */
export function concatenatedAlong(inputs: readonly Shape[], axis: number): Shape {
  const [first] = inputs as [Shape];
  const along = axis < 0 ? axis + first.length : axis;
  if (first[along] === undefined) throw new Error(`[${first}] has no axis ${axis}`);
  const rest = (shape: Shape) => shape.filter((_, i) => i !== along).join();
  const odd = inputs.find((shape) => shape.length !== first.length || rest(shape) !== rest(first));
  if (odd !== undefined) throw new Error(`[${first}] and [${odd}] are not joined along axis ${axis}`);
  return first.map((side, i) =>
    i === along ? inputs.reduce((sum, shape) => sum + (shape[along] as number), 0) : side,
  );
}
