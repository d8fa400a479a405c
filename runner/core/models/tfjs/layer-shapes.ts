/** Arithmetic of shapes without the batch; each throws an Error whose message ends the sentence "the layer … cannot run: …". */

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
  return [input.reduce((product, side) => product * side, 1)];
}

export function reshaped(input: Shape, target: Shape): Shape {
  if (flattened(input)[0] !== flattened(target)[0]) throw new Error(`[${input}] does not become [${target}]`);
  return target;
}

/** The shape of all inputs. */
export function same(inputs: readonly Shape[]): Shape {
  const [first, ...others] = inputs;
  if (first === undefined || others.length === 0)
    throw new Error(`it is given ${inputs.length} inputs; wanted several`);
  const odd = others.find((shape) => shape.join() !== first.join());
  if (odd !== undefined) throw new Error(`its inputs are [${first}] and [${odd}]; wanted equal shapes`);
  return first;
}

/** Inputs one behind the other along the last axis. */
export function concatenated(inputs: readonly Shape[]): Shape {
  const all = same(inputs.map((shape) => shape.slice(0, -1)));
  return [...all, inputs.reduce((sum, shape) => sum + (shape.at(-1) as number), 0)];
}
